import type { TargetConfig } from '../domain/config';
import type { Io } from '../domain/host';
import type { Claim } from '../domain/ownership';
import type { Group, Scope } from '../domain/release';
import type { Groups } from './groups';
import type { Images } from './images';
import type { Replicas } from './replicas';
import type { Volumes } from './volumes';

/** What a target has room for, and what it is. */
export interface TargetProbe {
  /** What runs there and in which version, for people. */
  software: string;
  /** The target's clock, ms since the epoch. */
  now: number;
  /** Bytes of memory that it has. */
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

/**
 * What runs containers, by what is asked of it. Every method may be called again after it was interrupted, with the same
 * result, and fails with `UnreachableFailure` while nothing answers.
 */
export interface Target {
  /** As the configuration names it. */
  readonly kind: TargetConfig['kind'];
  readonly images: Images;
  readonly groups: Groups;
  readonly replicas: Replicas;
  readonly volumes: Volumes;
  probe(io: Io): Promise<TargetProbe>;
  /** What has the labels of an environment, or a name that it needs for these replicas, whoever made it. */
  claims(scope: Scope, wanted: Wanted[], io: Io): Promise<Claim[]>;
  close(): Promise<void>;
}
