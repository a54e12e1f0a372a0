import type { AppConfig, SecretReference } from './config';
import { databasesOf, MAIN } from './databases';
import type { PinnedImage } from './release';

/** It is passed in because this folder does not import Node. */
type Hash = (text: string) => string;

/**
 * Hashes what decides what runs, with fingerprints (by `secretKey`) of its secrets, so that a longer soak needs no
 * `--again`.
 */
export function configurationIdentity(config: AppConfig, fingerprints: Record<string, string>, hash: Hash): string {
  const { app, target, router, features } = config;
  const services = withFormerDefaults(config.services);
  const { [MAIN]: database, ...others } = Object.fromEntries(
    databasesOf(config).map(({ name, settings: { driver, url } }) => [name, { driver, url }]),
  );
  // Stays absent without named databases, so that older identities remain equal.
  const databases = Object.keys(others).length > 0 ? others : undefined;
  return hash(canonical({ app, services, database, databases, target, router, features, fingerprints }));
}

/** They stood in every configuration once, so identities stay equal only with them. */
function withFormerDefaults(services: AppConfig['services']): object {
  return Object.fromEntries(
    Object.entries(services).map(([name, { health, ...service }]) => [
      name,
      { ...service, health: { ...health, attempts: health.attempts ?? 10, interval: health.interval ?? 1_000 } },
    ]),
  );
}

export function releaseIdentity(version: string, images: PinnedImage[], configuration: string, hash: Hash): string {
  const digests = Object.fromEntries(images.map((image) => [image.service, image.digest]));
  return hash(canonical({ version, digests, configuration }));
}

/** Sorts keys, so that equal values give equal texts. */
export function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  if (value === null || typeof value !== 'object') return JSON.stringify(value) ?? 'null';
  const fields = Object.entries(value)
    .filter(([, item]) => item !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, item]) => `${JSON.stringify(key)}:${canonical(item)}`);
  return `{${fields.join(',')}}`;
}

/** Leaves out secrets of a canary's metrics, which are tried by asking the sources. */
export function secretReferences({ canary: _asked, ...config }: AppConfig): SecretReference[] {
  return collected(config, ['env', 'headers']);
}

/** Leaves out headers of checks, since another token does not change the app. */
export function runningSecrets({ canary: _watched, ...config }: AppConfig): SecretReference[] {
  return collected(config, ['env']);
}

/** `env DATABASE_URL` */
export function secretKey(reference: SecretReference): string {
  return 'env' in reference ? `env ${reference.env}` : `file ${reference.file}`;
}

const PLACES = ['url', 'backupUrl', 'sshKey'];

function collected(config: object, mappings: ('env' | 'headers')[]): SecretReference[] {
  const found = new Map<string, SecretReference>();
  const collect = (value: object): void => {
    for (const [key, item] of Object.entries(value)) {
      if (!isObject(item)) continue;
      const candidates = mappings.includes(key as never) ? Object.values(item) : PLACES.includes(key) ? [item] : [];
      for (const candidate of candidates) if (isReference(candidate)) found.set(secretKey(candidate), candidate);
      collect(item);
    }
  };
  collect(config);
  return [...found.values()];
}

function isObject(value: unknown): value is object {
  return value !== null && typeof value === 'object';
}

function isReference(value: unknown): value is SecretReference {
  if (!isObject(value)) return false;
  const entries = Object.entries(value);
  return entries.length === 1 && ['env', 'file'].includes(entries[0]![0]) && typeof entries[0]![1] === 'string';
}
