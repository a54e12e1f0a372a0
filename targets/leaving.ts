import type { Io } from '../domain/host';
import type { Owned } from '../domain/ownership';
import type { PinnedImage } from '../domain/release';
import type { Removed } from '../domain/removal';

/** What may go with an environment, unless somebody else uses it. */
export interface Candidates {
  images: PinnedImage[];
  volumes: string[];
}

export interface InUse {
  name: string;
  /** Container of somebody else that uses it. */
  by: string;
}

export interface Found {
  containers: string[];
  networks: string[];
  /** Names by which to remove images: those from a registry, and those that Spillway built for the app. */
  images: string[];
  volumes: string[];
  /** Networks and volumes that stay. */
  inUse: InUse[];
}

/** Takes an environment off its target. Every method may be repeated after an interruption. */
export interface Leaving {
  /** Changes nothing. Images that Spillway built stay while the target has another environment of the app. */
  look(scope: Owned, candidates: Candidates, io: Io): Promise<Found>;
  /** Removes the environment's networks, and its containers in no group. */
  removeRest(scope: Owned, io: Io): Promise<Removed>;
  /** What somebody uses by now stays. */
  removeImages(names: string[], io: Io): Promise<Removed>;
  removeVolumes(names: string[], io: Io): Promise<Removed>;
}
