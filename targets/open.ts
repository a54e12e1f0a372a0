import type { TargetConfig } from '../domain/config';
import { openDockerTarget, type DockerTarget } from './docker/docker';
import type { Surroundings } from './docker/engine';

export type OpenTarget = DockerTarget;

/** Opens no connection before the first call. */
export function openTarget(config: TargetConfig, surroundings: Surroundings): Promise<OpenTarget> {
  switch (config.kind) {
    case 'docker':
      return openDockerTarget(config, surroundings);
  }
}
