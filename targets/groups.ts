import type { ServiceConfig } from '../domain/config';
import type { Io } from '../domain/host';
import type { Owned } from '../domain/ownership';
import type { Group, PinnedImage, ReleaseRef, Slot } from '../domain/release';
import type { Replica, ReplicaRef } from './replicas';

/** What one service of one slot is to run. Secrets are already resolved: never log or return `env`. */
export interface ServiceSpec {
  service: string;
  config: ServiceConfig;
  image: PinnedImage;
  env: Record<string, string>;
  /** False for a `live-only` service, which is started in the switch, and for a `once` service, which is started by itself. */
  start: boolean;
}

export interface Deployment {
  release: Owned<ReleaseRef>;
  slot: Slot;
  services: ServiceSpec[];
}

/** Which group goes: all of it, or what a release has in it. */
export interface Removal {
  scope: Owned;
  group: Group;
  releaseId?: string;
  /** Longest that a replica may take to stop, ms. */
  grace: number;
}

/** A service of a group: all its replicas, or one of them. */
export type ServiceRef = Omit<ReplicaRef, 'replica'> & Partial<Pick<ReplicaRef, 'replica'>>;

/** Runs versions in the groups of an environment, beside each other. */
export interface Groups {
  /** Creates and starts what a slot is to run; leaves alone what is already of this release. Answers all of the slot. */
  deploy(deployment: Deployment, io: Io): Promise<Replica[]>;
  /**
   * Creates and starts the fresh baseline of this release: what runs in a slot once more, as it is, with the variables and
   * limits that it has. What may not run twice (`live-only`) is left out; a copy that is already of this release stays.
   */
  copy(release: Owned<ReleaseRef>, from: Slot, io: Io): Promise<Replica[]>;
  /** Removes replicas and answers their names. Leaves the volumes that stay. */
  remove(removal: Removal, io: Io): Promise<string[]>;
  /** Starts a service, or has it go on when it is paused, and keeps it running from then on. */
  start(of: ServiceRef, io: Io): Promise<void>;
  /** Starts what never ran; what runs or ran already is left alone. Nobody starts it again when it has ended. */
  startOnce(of: ServiceRef, io: Io): Promise<void>;
  /** Nothing to stop is fine. */
  stop(of: ServiceRef, graceMs: number, io: Io): Promise<void>;
}
