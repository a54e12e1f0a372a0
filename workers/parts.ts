import { join } from 'node:path';
import type { DatabasePlace, Parts } from '../activities/parts';
import { Secrets, type WorkerEnvironment } from '../activities/secrets';
import { openDatabase } from '../databases/open';
import { storeOf } from '../domain/backup';
import type { AnalysisMetric, AppConfig, DatabaseConfig, TargetConfig, Variables } from '../domain/config';
import { canonical } from '../domain/identity';
import type { MetricSource } from '../metrics/metric';
import { openMetric } from '../metrics/open';
import { openRouter } from '../routers/open';
import type { Router } from '../routers/router';
import { openState } from '../state/open';
import { openStore } from '../stores/open';
import { openTarget, type OpenTarget } from '../targets/open';
import { fingerprintKey } from './fingerprint-key';

interface PartsOptions {
  /** Temporal address and namespace. */
  owner: string;
  environment: WorkerEnvironment;
  /** Holds the key of its fingerprints, and temporary files. */
  stateDirectory: string;
  /** Takes the place of that key. */
  secretsKey?: Buffer;
}

export interface OpenParts extends Parts {
  remember(secret: string): void;
  close(): Promise<void>;
}

export async function openParts(options: PartsOptions): Promise<OpenParts> {
  const { owner, environment, stateDirectory } = options;
  const secrets = new Secrets(environment, options.secretsKey ?? (await fingerprintKey(stateDirectory)));
  const targets = new Map<string, Promise<OpenTarget>>();
  const routers = new Map<string, Promise<Router>>();

  const target = ({ target: config }: AppConfig): Promise<OpenTarget> =>
    once(targets, canonical(config), () => openWithKey(config, secrets, environment));
  const router = (config: AppConfig): Promise<Router> =>
    once(routers, canonical([config.router, config.target]), async () =>
      openRouter(config.router, await target(config)),
    );
  return {
    owner,
    target,
    router,
    state: async (config, scope) => openState(config.target, scope, await target(config)),
    database: (config, place) => openWithSecrets(config, place, secrets, environment),
    metric: (metric: AnalysisMetric, config: AppConfig, projectDirectory: string): Promise<MetricSource> =>
      openMetric(metric, {
        projectDirectory,
        services: config.services,
        target: () => target(config),
        environment,
        secret: (value) => secrets.resolve(value, projectDirectory),
      }),
    secret: (value, projectDirectory) => secrets.resolve(value, projectDirectory),
    fingerprint: (reference, projectDirectory) => secrets.fingerprint(reference, projectDirectory),
    store: ({ config, release }) => Promise.resolve(openStore(storeOf(config), release)),
    temporaryDirectory: join(stateDirectory, 'tmp'),
    redact: (text) => secrets.redact(text),
    remember: (secret) => secrets.remember(secret),
    close: () => closeAll(targets),
  };
}

/** A part that could not be opened is tried again the next time. */
function once<T>(opened: Map<string, Promise<T>>, key: string, open: () => Promise<T>): Promise<T> {
  const known = opened.get(key);
  if (known) return known;
  const opening = open();
  opened.set(key, opening);
  opening.catch(() => opened.delete(key));
  return opening;
}

async function openWithKey(config: TargetConfig, secrets: Secrets, variables: WorkerEnvironment): Promise<OpenTarget> {
  const { sshKey } = config;
  if (!sshKey) return openTarget(config, { variables });
  // The path is absolute or in the worker's home, since a target belongs to no project.
  return openTarget(config, { variables, sshKey: `${await secrets.resolve(sshKey, '/')}\n` });
}

async function openWithSecrets(
  config: DatabaseConfig,
  place: DatabasePlace,
  secrets: Secrets,
  environment: WorkerEnvironment,
) {
  const { migrations } = config;
  const { projectDirectory } = place;
  const url = await secrets.resolve(config.url, projectDirectory);
  const backupUrl = config.backupUrl && (await secrets.resolve(config.backupUrl, projectDirectory));
  const variables = await resolveAll(
    migrations && 'env' in migrations ? migrations.env : {},
    projectDirectory,
    secrets,
  );
  const redact = (text: string): string => secrets.redact(text);
  return openDatabase(config, {
    ...place,
    url,
    ...(backupUrl !== undefined && { backupUrl }),
    environment,
    variables,
    redact,
  });
}

async function resolveAll(variables: Variables, directory: string, secrets: Secrets): Promise<Record<string, string>> {
  const resolved = Object.entries(variables).map(async ([name, value]) => [
    name,
    await secrets.resolve(value, directory),
  ]);
  return Object.fromEntries(await Promise.all(resolved)) as Record<string, string>;
}

async function closeAll(targets: Map<string, Promise<OpenTarget>>): Promise<void> {
  await Promise.allSettled([...targets.values()].map(async (target) => (await target).close()));
}
