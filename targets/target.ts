import type { Readable } from 'node:stream';
import type { ServiceConfig, TargetConfig } from '../domain/config';
import type { Ran } from '../domain/containers/exits';
import type { ReadyCheck } from '../domain/health';
import type { Io } from '../domain/host';
import type { Claim, Owned } from '../domain/ownership';
import type { Group, PinnedImage, ReleaseRef, Scope, Slot } from '../domain/release';
import type { Images } from './images';

/** What one service of one slot is to run. Secrets are already resolved: never log or return `env`. */
export interface ServiceSpec {
  service: string;
  config: ServiceConfig;
  image: PinnedImage;
  env: Record<string, string>;
  /** False for a `live-only` service, which is started in the switch, and for a `once` service, which is started by itself. */
  start: boolean;
}

/** A container of a group, as found. */
export interface Replica extends Ran {
  replica: number;
  /** Its fixed address on the environment's network. */
  address: string;
  port?: number;
  releaseId: string;
  version: string;
  imageDigest: string;
}

/** A volume that the engine made for a container, because its image has a `VOLUME` there. */
export interface AnonymousVolume {
  volume: string;
  /** Where the container has it. */
  path: string;
  /** `discard` named the path when the container was made, or it is below `/tmp`. */
  accepted: boolean;
  /** It outlives its container: something is in it that may not be lost. */
  stays: boolean;
}

/** Where a container has what it writes. */
export interface ContainerData {
  container: string;
  service: string;
  releaseId: string;
  version: string;
  anonymous: AnonymousVolume[];
  /** Volumes with a name, and folders of the host: never removed. */
  mounted: { source: string; target: string }[];
  /** Whether it can write nothing else. */
  readOnlyRoot: boolean;
}

export interface TargetProbe {
  engine: string;
  /** The engine's clock, ms since the epoch. */
  now: number;
  /** Bytes of memory the host has. */
  memory: number;
  cores: number;
  /** Free bytes where containers live; undefined when the target cannot tell. */
  freeDisk?: number;
}

/** Replicas of a service that are to run in a group. */
export interface Wanted {
  group: Group;
  service: string;
  replicas: number;
}

export interface ReplicaUsage {
  container: string;
  /** Bytes, without what the kernel would give back at once. */
  memory: number;
  /** Milliseconds of CPU that it used since it began; falls when it begins anew. */
  cpuTime: number;
  /** When the engine looked, ms since the epoch by its clock. */
  at: number;
}

export interface Answer {
  status: number;
  body: string;
  /** Milliseconds until the last byte. */
  latency: number;
}

/** What runs containers. Every method may be called again after it was interrupted, with the same result. */
export interface Target {
  /** As the configuration names it. */
  readonly kind: TargetConfig['kind'];
  readonly images: Images;
  /** Answers, or fails with `UnreachableFailure`. */
  probe(io: Io): Promise<TargetProbe>;
  /** What has the labels of an environment, or a name that it needs for these replicas, whoever made it. */
  claims(scope: Scope, wanted: Wanted[], io: Io): Promise<Claim[]>;

  /** The network of the environment, created when missing. */
  ensureNetwork(scope: Owned, io: Io): Promise<void>;
  /** Creates and starts the containers of a slot; leaves those alone that are already of this release. */
  deploySlot(release: Owned<ReleaseRef>, slot: Slot, services: ServiceSpec[], io: Io): Promise<Replica[]>;
  /**
   * Creates and starts the fresh baseline of this release: what runs in a slot once more, as it is, with the variables and
   * limits that it has. What may not run twice (`live-only`) is left out; a copy that is already of this release stays.
   */
  copySlot(release: Owned<ReleaseRef>, from: Slot, io: Io): Promise<Replica[]>;
  /** The environment's own containers of a group; what others made under its names is not among them. */
  replicas(scope: Owned, group: Group, io: Io): Promise<Replica[]>;
  /** What the containers of a group hold. */
  dataOf(scope: Owned, group: Group, io: Io): Promise<ContainerData[]>;
  /** Files, and folders without any, that a container made or changed in itself, and which go with it. */
  changedFiles(container: string, io: Io): Promise<string[]>;
  /** Whether something is in a volume, or a folder of the host; true where nobody can tell, false where there is none. */
  holdsData(source: string, io: Io): Promise<boolean>;
  /** Containers of Spillway's that write to a volume with a name. */
  writersOf(volume: string, io: Io): Promise<(Scope & { container: string })[]>;
  /** Removes every container of a group, or only those of a release; answers their names. Leaves the volumes that stay. */
  removeGroup(scope: Owned, group: Group, releaseId: string | undefined, graceMs: number, io: Io): Promise<string[]>;
  /** Starts it, or has it go on when it is paused, and has the engine keep it running from then on. */
  startContainer(container: string, io: Io): Promise<void>;
  /** Starts a container that never ran; one that runs or ran already is left alone. The engine does not start it again. */
  startOnce(container: string, io: Io): Promise<void>;
  stopContainer(container: string, graceMs: number, io: Io): Promise<void>;
  exec(container: string, argv: string[], io: Io): Promise<{ exitCode: number; output: string }>;
  /** Last lines of a container's output, oldest first. */
  logs(container: string, lines: number, io: Io): Promise<string[]>;
  usage(container: string, io: Io): Promise<ReplicaUsage>;
  /**
   * A named volume's files as a tar stream in which every name begins with one folder that stands for the volume. Fails
   * with `BackupFailure` when there is no such volume.
   */
  archiveVolume(scope: Owned, volume: string, io: Io): Promise<Readable>;
  /** Bytes a named volume holds; undefined when the target cannot tell. */
  volumeSize(volume: string, io: Io): Promise<number | undefined>;
  /** Asks a container, or the router, over HTTP as seen from the host. Fails when there is no answer in time. */
  ask(
    at: { host: string; port: number; hostHeader?: string; tls?: boolean },
    check: ReadyCheck,
    io: Io,
  ): Promise<Answer>;
  close(): Promise<void>;
}
