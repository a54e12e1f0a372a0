import type { AppConfig } from '../domain/config';
import type { Scope } from '../domain/release';

/** Folder on the host with what Spillway remembers of an environment. */
export function environmentDirectory({ config, release }: { config: AppConfig; release: Scope }): string {
  return `${config.target.stateDirectory}/${release.app}/${release.environment}`;
}
