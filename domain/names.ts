import type { Scope } from './release';

export function environmentWorkflowId({ app, environment }: Scope): string {
  return `environment/${app}/${environment}`;
}

/** The id is fixed, so that it is the lock of the environment. */
export function releaseWorkflowId({ app, environment }: Scope): string {
  return `release/${app}/${environment}`;
}

export function environmentDirectory(
  { stateDirectory }: { stateDirectory: string },
  { app, environment }: Scope,
): string {
  return `${stateDirectory}/${app}/${environment}`;
}

/** No app has a dot in its name. */
export function archiveDirectory({ stateDirectory }: { stateDirectory: string }, { app, environment }: Scope): string {
  return `${stateDirectory}/.removed/${app}/${environment}`;
}

export const DEFAULT_TASK_QUEUE = 'spillway';

/** Used when the configuration gives the image no name. */
export function imageName({ app }: Pick<Scope, 'app'>, service: string, version: string): string {
  return `${app}-${service}:${imageTag(version)}`;
}

/** Docker tags cannot have the `+` of build metadata. */
export function imageTag(version: string): string {
  return version.replace('+', '_');
}

export const LABELS = {
  app: 'spillway.app',
  environment: 'spillway.environment',
  id: 'spillway.environment-id',
  /** Older versions wrote this instead of an id: the Temporal that released. */
  owner: 'spillway.owner',
  release: 'spillway.release',
  version: 'spillway.version',
  slot: 'spillway.slot',
  service: 'spillway.service',
  replica: 'spillway.replica',
} as const;

export const SEARCH_ATTRIBUTES = {
  app: 'SpillwayApp',
  environment: 'SpillwayEnvironment',
  version: 'SpillwayVersion',
  phase: 'SpillwayPhase',
  outcome: 'SpillwayOutcome',
} as const;
