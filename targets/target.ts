import type { TargetConfig } from '../domain/config';
import type { Io } from '../domain/host';
import type { Claim } from '../domain/ownership';
import type { Group, Scope } from '../domain/release';
import type { Groups } from './groups';
import type { Images } from './images';
import type { Leaving } from './leaving';
import type { Replicas } from './replicas';
import type { Volumes } from './volumes';

export interface TargetProbe {
  software: string;
  /** The target's clock, ms since the epoch. */
  now: number;
  /** Bytes. */
  memory: number;
  cores: number;
  /** Bytes where containers live; undefined when the target cannot tell. */
  freeDisk?: number;
}

export interface Wanted {
  group: Group;
  service: string;
  replicas: number;
}

/** Every method may be repeated after an interruption, and throws `UnreachableFailure` while nothing answers. */
export interface Target {
  readonly kind: TargetConfig['kind'];
  readonly images: Images;
  readonly groups: Groups;
  readonly replicas: Replicas;
  readonly volumes: Volumes;
  readonly leaving: Leaving;
  probe(io: Io): Promise<TargetProbe>;
  /** Finds what has the environment's labels or a name that it needs, whoever made it. */
  claims(scope: Scope, wanted: Wanted[], io: Io): Promise<Claim[]>;
  close(): Promise<void>;
}
