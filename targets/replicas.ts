import type { Healthcheck } from '../domain/containers/healthcheck';
import type { Endpoint } from '../domain/endpoint';
import type { ReadyCheck } from '../domain/health';
import type { Io } from '../domain/host';
import type { Seen } from '../domain/live-state';
import type { Owned } from '../domain/ownership';
import type { Group } from '../domain/release';

export interface ReplicaRef {
  scope: Owned;
  group: Group;
  service: string;
  replica: number;
}

export interface Replica extends Seen {
  group: Group;
  replica: number;
  /** Absent when its service has no port, or nobody can reach it. */
  endpoint?: Endpoint;
  /** Tells why no router may use its endpoint although it runs, and what to do. */
  misplaced?: string;
  imageDigest: string;
  /** Absent when the engine probes nothing. */
  healthcheck?: Healthcheck;
}

export interface Probe {
  exitCode: number;
  output: string;
}

export interface ReplicaUsage {
  /** Bytes, without what the kernel can reclaim at once. */
  memory: number;
  /** Milliseconds of CPU since it began; falls when it restarts. */
  cpuTime: number;
  /** Milliseconds since the epoch, by the target's clock. */
  at: number;
}

export interface Asked {
  endpoint: Endpoint;
  /** Absent for HTTP/1.1. */
  protocol?: 'h2c';
  hostHeader?: string;
  tls?: boolean;
}

export type Protocol = 'http1' | 'h2c';
/** What the beginning of an answer is: HTTP/1.x, HTTP/2, nothing in time, or something else or a hang-up. */
export type Spoken = Protocol | 'silence' | 'neither';

export interface Answer {
  status: number;
  /** Of a check of gRPC the state, or what came instead. */
  body: string;
  /** Milliseconds until the last byte. */
  latency: number;
}

/** A call about a replica that is gone fails with `UnreachableFailure`. */
export interface Replicas {
  /** Lists only the environment's own replicas, not others under its names. */
  list(scope: Owned, group: Group, io: Io): Promise<Replica[]>;
  logs(of: ReplicaRef, lines: number, io: Io): Promise<string[]>;
  /** What its HEALTHCHECK answered last; undefined before the first time. It may hold secrets. */
  lastProbe(of: ReplicaRef, io: Io): Promise<Probe | undefined>;
  usage(of: ReplicaRef, io: Io): Promise<ReplicaUsage>;
  exec(of: ReplicaRef, argv: string[], io: Io): Promise<{ exitCode: number; output: string }>;
  /** Connects from the target. Fails with `UnreachableFailure` without an answer in time. */
  ask(at: Asked, check: ReadyCheck, io: Io): Promise<Answer>;
  /** Connects from the target, and begins to speak a protocol. Answers `neither` when it cannot connect. */
  greet(at: Endpoint, protocol: Protocol, io: Io): Promise<Spoken>;
}
