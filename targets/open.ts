import type { TargetConfig } from '../domain/config';
import { openDockerTarget, type DockerTarget } from './docker/docker';
import type { Surroundings } from './docker/engine';

/** A target with what only its kind offers: tell kinds apart by `kind`. */
export type OpenTarget = DockerTarget;

/** Opens nothing yet: the first call connects, and says when there is nothing to connect to. */
export function openTarget(config: TargetConfig, surroundings: Surroundings): Promise<OpenTarget> {
  switch (config.kind) {
    case 'docker':
      return openDockerTarget(config, surroundings);
  }
}
