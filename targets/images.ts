import type { ServiceConfig } from '../domain/config';
import type { Io } from '../domain/host';
import type { PinnedImage, Scope } from '../domain/release';

/** What a build is told beside the configuration. */
export type ImageBuild = NonNullable<ServiceConfig['build']> & {
  /** Absolute folder of the context. */
  directory: string;
  reference: string;
  /** Cores that it may use. */
  cpu?: number;
  /** They tell `prune` whose image it is. */
  labels?: Record<string, string>;
};

/** What an image says of itself. */
export interface ImageFacts {
  image: PinnedImage;
  user: string;
  /** Names of variables baked into the image. */
  env: Record<string, string>;
  hasHealthcheck: boolean;
  /** Paths of its `VOLUME`s, as it writes them. */
  volumes: string[];
  /** App for which Spillway built it; undefined when it did not. */
  app?: string;
}

/** Images that a target has or can get: built, pulled, kept and pruned. */
export interface Images {
  /** Builds from a Dockerfile, honouring `.dockerignore`; tags it `reference` and answers it pinned. */
  build(build: ImageBuild, service: string, io: Io): Promise<PinnedImage>;
  /** Pulls by tag or digest with the credentials of the Docker configuration, unless the target has it. */
  pull(reference: string, service: string, io: Io): Promise<PinnedImage>;
  /**
   * Asks the registry whether it would give this image; pulls nothing.
   *
   * @throws ImageFailure, UnreachableFailure when the registry would not give it.
   */
  expectInRegistry(reference: string, io: Io): Promise<void>;
  /** Undefined when the target does not have it. */
  inspect(reference: string, service: string, io: Io): Promise<ImageFacts | undefined>;
  /** Makes the tag stand for this image, whatever it stood for before. */
  tag(reference: string, digest: string, io: Io): Promise<void>;
  /** Takes a name away, and the image with it when nothing else uses it. Answers whether there was anything to take. */
  remove(reference: string, io: Io): Promise<boolean>;
  /** Removes the app's images except the `keep` newest of each service and those in use; answers the names that went. */
  prune(scope: Scope, keep: number, io: Io): Promise<string[]>;
}
