import type { ServiceConfig } from '../domain/config';
import type { SeenNetwork } from '../domain/containers/networks';
import type { Io } from '../domain/host';
import type { Owned } from '../domain/ownership';
import type { Group, PinnedImage, ReleaseRef, Slot } from '../domain/release';
import type { Replica, ReplicaRef } from './replicas';

/** Secrets in `env` are resolved: never log or return it. */
export interface ServiceSpec {
  service: string;
  config: ServiceConfig;
  image: PinnedImage;
  env: Record<string, string>;
  /** False for `live-only` services, which start in the switch, and for `once` services, which start by themselves. */
  start: boolean;
}

export interface Deployment {
  release: Owned<ReleaseRef>;
  slot: Slot;
  services: ServiceSpec[];
}

export interface Removal {
  scope: Owned;
  group: Group;
  releaseId?: string;
  /** Longest stop of a replica in ms. */
  grace: number;
}

export type ServiceRef = Omit<ReplicaRef, 'replica'> & Partial<Pick<ReplicaRef, 'replica'>>;

export interface Groups {
  /** Leaves alone what this release has started already. Answers all replicas of the slot. */
  deploy(deployment: Deployment, io: Io): Promise<Replica[]>;
  /** Copies a slot into the fresh baseline, with its variables and limits; leaves out `live-only` services. */
  copy(release: Owned<ReleaseRef>, from: Slot, io: Io): Promise<Replica[]>;
  /** Answers the names of the removed replicas. Volumes that hold data stay. */
  remove(removal: Removal, io: Io): Promise<string[]>;
  /** Also lets a paused service go on. The service is kept running from then on. */
  start(of: ServiceRef, io: Io): Promise<void>;
  /** Leaves alone what runs or ran already, and does not restart it at its end. */
  startOnce(of: ServiceRef, io: Io): Promise<void>;
  /** Lists the networks of the target, for services that join some beside the environment's own. */
  networks(scope: Owned, io: Io): Promise<SeenNetwork[]>;
  /** Nothing to stop is fine. */
  stop(of: ServiceRef, graceMs: number, io: Io): Promise<void>;
}
