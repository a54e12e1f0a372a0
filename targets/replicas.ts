import type { Endpoint } from '../domain/endpoint';
import type { ReadyCheck } from '../domain/health';
import type { Io } from '../domain/host';
import type { Seen } from '../domain/live-state';
import type { Owned } from '../domain/ownership';
import type { Group } from '../domain/release';

/** One replica of an environment, by its place. A `Replica` that was found has all of it but the scope. */
export interface ReplicaRef {
  scope: Owned;
  group: Group;
  service: string;
  /** From 1. */
  replica: number;
}

/** A replica of a group, as found. Its name is there to be shown: nothing is called by it. */
export interface Replica extends Seen {
  group: Group;
  replica: number;
  /** Where it takes requests; absent when its service has no port, or nobody can reach it. */
  endpoint?: Endpoint;
  /** Why no router may be told of its endpoint although it runs, and what to do about it. */
  misplaced?: string;
  imageDigest: string;
}

export interface ReplicaUsage {
  /** Bytes, without what the kernel would give back at once. */
  memory: number;
  /** Milliseconds of CPU that it used since it began; falls when it begins anew. */
  cpuTime: number;
  /** When the target looked, ms since the epoch by its clock. */
  at: number;
}

/** Whom a check asks: a replica, or a router. */
export interface Asked {
  endpoint: Endpoint;
  hostHeader?: string;
  tls?: boolean;
}

export interface Answer {
  status: number;
  body: string;
  /** Milliseconds until the last byte. */
  latency: number;
}

/** What there is to see of replicas. A call about one that is gone fails with `UnreachableFailure`. */
export interface Replicas {
  /** The environment's own of a group, by service and number; what others made under its names is not among them. */
  list(scope: Owned, group: Group, io: Io): Promise<Replica[]>;
  /** Last lines of its output, oldest first. */
  logs(of: ReplicaRef, lines: number, io: Io): Promise<string[]>;
  usage(of: ReplicaRef, io: Io): Promise<ReplicaUsage>;
  /** Runs a program in it, and waits for its end. */
  exec(of: ReplicaRef, argv: string[], io: Io): Promise<{ exitCode: number; output: string }>;
  /** Asks over HTTP, as seen from the target. Fails with `UnreachableFailure` when there is no answer in time. */
  ask(at: Asked, check: ReadyCheck, io: Io): Promise<Answer>;
}
