import type { Scope } from './release';

/** Workflow id of the workflow that lives as long as the environment. */
export function environmentWorkflowId({ app, environment }: Scope): string {
  return `environment/${app}/${environment}`;
}

/** Workflow id of whatever changes the environment just now; that it is fixed makes it the lock. */
export function releaseWorkflowId({ app, environment }: Scope): string {
  return `release/${app}/${environment}`;
}

/** Folder with what Spillway keeps of an environment on a machine. */
export function environmentDirectory(
  { stateDirectory }: { stateDirectory: string },
  { app, environment }: Scope,
): string {
  return `${stateDirectory}/${app}/${environment}`;
}

export const DEFAULT_TASK_QUEUE = 'spillway';

/** Name of an image that Spillway builds and the configuration gives no name. */
export function imageName({ app }: Pick<Scope, 'app'>, service: string, version: string): string {
  return `${app}-${service}:${imageTag(version)}`;
}

/** Docker tags have no `+`, with which semver marks build metadata. */
export function imageTag(version: string): string {
  return version.replace('+', '_');
}

/** Labels on everything that belongs to an environment, and what they say. */
export const LABELS = {
  app: 'spillway.app',
  environment: 'spillway.environment',
  /** Permanent id of the environment. */
  id: 'spillway.environment-id',
  /** What earlier versions wrote in place of an id: the Temporal that released. */
  owner: 'spillway.owner',
  release: 'spillway.release',
  version: 'spillway.version',
  slot: 'spillway.slot',
  service: 'spillway.service',
  replica: 'spillway.replica',
} as const;

/** Search attributes that releases carry in Temporal; all keywords. */
export const SEARCH_ATTRIBUTES = {
  app: 'SpillwayApp',
  environment: 'SpillwayEnvironment',
  version: 'SpillwayVersion',
  phase: 'SpillwayPhase',
  outcome: 'SpillwayOutcome',
} as const;
