import type { ServiceConfig } from '../domain/config';
import type { Healthcheck } from '../domain/containers/healthcheck';
import type { UserFiles } from '../domain/containers/image-user';
import type { Io } from '../domain/host';
import type { PinnedImage, Scope } from '../domain/release';

export type ImageBuild = NonNullable<ServiceConfig['build']> & {
  directory: string;
  reference: string;
  cpu?: number;
  /** They tell `prune` whose image it is. */
  labels?: Record<string, string>;
};

export interface ImageFacts {
  image: PinnedImage;
  user: string;
  env: Record<string, string>;
  /** Absent when the image has none that runs. */
  healthcheck?: Healthcheck;
  volumes: string[];
  /** Absent when Spillway did not build it. */
  app?: string;
}

export interface ImageFiles extends UserFiles {
  /** It has files in `/tmp`. */
  hasScratch: boolean;
}

export interface Images {
  build(build: ImageBuild, service: string, io: Io): Promise<PinnedImage>;
  /** Uses the credentials of the Docker configuration; pulls nothing that the target has. */
  pull(reference: string, service: string, io: Io): Promise<PinnedImage>;
  /** @throws ImageFailure, UnreachableFailure when the registry would not give the image. */
  expectInRegistry(reference: string, io: Io): Promise<void>;
  inspect(reference: string, service: string, io: Io): Promise<ImageFacts | undefined>;
  /**
   * Looks into its file system without running it.
   * @throws ImageFailure when the target does not have it.
   */
  look(image: Pick<PinnedImage, 'reference' | 'digest'>, io: Io): Promise<ImageFiles>;
  /** Moves the tag if it exists. */
  tag(reference: string, digest: string, io: Io): Promise<void>;
  /** Removes the image too when nothing else uses it. Answers false when there was nothing to remove. */
  remove(reference: string, io: Io): Promise<boolean>;
  /** Keeps the `keep` newest images of each service, and those in use. Answers the removed names. */
  prune(scope: Scope, keep: number, io: Io): Promise<string[]>;
}
