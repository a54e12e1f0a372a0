import type { AppConfig, SecretReference } from './config';
import { databasesOf, MAIN } from './databases';
import type { PinnedImage } from './release';

/** Answers the SHA-256 of a text in hexadecimal; given, because nothing here imports Node. */
type Hash = (text: string) => string;

/**
 * Hash of the settings that decide what runs, together with keyed fingerprints of the secrets they name. How a release
 * is watched, approved, backed up or drained is left out: a longer soak makes no other app, so it needs no `--again`.
 *
 * @param fingerprints by `secretKey` of the reference
 */
export function configurationIdentity(config: AppConfig, fingerprints: Record<string, string>, hash: Hash): string {
  const { app, services, target, router, features } = config;
  const { [MAIN]: database, ...others } = Object.fromEntries(
    databasesOf(config).map(({ name, settings: { driver, url } }) => [name, { driver, url }]),
  );
  // Absent where there are none: as it was before databases had names, so that nothing has to be released again.
  const databases = Object.keys(others).length > 0 ? others : undefined;
  return hash(canonical({ app, services, database, databases, target, router, features, fingerprints }));
}

/** Hash of version, image digests and the configuration's identity: the same again changes nothing. */
export function releaseIdentity(version: string, images: PinnedImage[], configuration: string, hash: Hash): string {
  const digests = Object.fromEntries(images.map((image) => [image.service, image.digest]));
  return hash(canonical({ version, digests, configuration }));
}

/** JSON with sorted keys: equal values give equal texts, in whatever order they were written. */
export function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  if (value === null || typeof value !== 'object') return JSON.stringify(value) ?? 'null';
  const fields = Object.entries(value)
    .filter(([, item]) => item !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, item]) => `${JSON.stringify(key)}:${canonical(item)}`);
  return `{${fields.join(',')}}`;
}

/** Every secret that the configuration names, once each; those of a canary's metrics are tried by asking its sources. */
export function secretReferences({ canary: _asked, ...config }: AppConfig): SecretReference[] {
  return collected(config, ['env', 'headers']);
}

/** Those of them that decide what runs: who asks after its health with another token makes no other app. */
export function runningSecrets({ canary: _watched, ...config }: AppConfig): SecretReference[] {
  return collected(config, ['env']);
}

/** What a reference is called where a person or a fingerprint needs its name: `env DATABASE_URL`. */
export function secretKey(reference: SecretReference): string {
  return 'env' in reference ? `env ${reference.env}` : `file ${reference.file}`;
}

const PLACES = ['url', 'sshKey'];

/**
 * Secrets stand where the schema has them: in every `env` of variables, in the `headers` of checks, as the database's `url`
 * and the target's `sshKey`.
 */
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
