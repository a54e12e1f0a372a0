import { appConfigSchema } from '../../domain/config';
import {
  canonical,
  configurationIdentity,
  releaseIdentity,
  runningSecrets,
  secretReferences,
} from '../../domain/identity';

const hash = (text: string): string => text;

function config(overrides: object = {}) {
  return appConfigSchema.parse({
    version: 1,
    app: 'shop',
    services: {
      web: {
        image: 'shop/web:{version}',
        port: 8080,
        routes: [{ port: 80 }],
        env: { GREETING: 'hello', TOKEN: { env: 'TOKEN' }, KEY: { file: 'key.txt' } },
      },
    },
    database: { driver: 'postgres', url: { env: 'DATABASE_URL' } },
    ...overrides,
  });
}

const identity = (given = config(), fingerprints: Record<string, string> = { 'env TOKEN': 'a' }): string =>
  configurationIdentity(given, fingerprints, hash);

describe('the identity of a configuration', () => {
  it('changes with what runs', () => {
    expect(identity(config({ features: { fast: true } }))).not.toBe(identity());
  });

  it('is the same whether the one database stands under its short form or by the name that has, and changes with its name', () => {
    const settings = { driver: 'postgres', url: { env: 'DATABASE_URL' } };
    const named = (name: string) => identity(config({ database: undefined, databases: { [name]: settings } }));
    expect(named('main')).toBe(identity());
    expect(named('orders')).not.toBe(identity());
  });

  it('changes with a secret', () => {
    expect(identity(config(), { 'env TOKEN': 'b' })).not.toBe(identity());
  });

  it('does not change with how a release is watched', () => {
    const watched = config({ canary: { steps: [{ weight: 10 }] }, approve: { required: true }, deadline: '1h' });
    expect(identity(watched)).toBe(identity());
  });

  it('does not depend on the order in which settings were written', () => {
    expect(canonical({ a: 1, b: { c: [1, 2], d: undefined } })).toBe(canonical({ b: { c: [1, 2] }, a: 1 }));
  });
});

describe('the identity of a release', () => {
  const image = { service: 'web', reference: 'shop/web:1', digest: 'sha256:1', size: 10 };
  it('changes with version, image and configuration, and with nothing else', () => {
    const same = releaseIdentity('1.0.0', [image], 'c', hash);
    expect(releaseIdentity('1.0.0', [{ ...image, reference: 'other', size: 11 }], 'c', hash)).toBe(same);
    expect(releaseIdentity('1.0.1', [image], 'c', hash)).not.toBe(same);
    expect(releaseIdentity('1.0.0', [{ ...image, digest: 'sha256:2' }], 'c', hash)).not.toBe(same);
    expect(releaseIdentity('1.0.0', [image], 'd', hash)).not.toBe(same);
  });
});

describe('secrets of a configuration', () => {
  it('are found wherever the schema allows one, once each', () => {
    const found = secretReferences(
      config({
        database: {
          driver: 'postgres',
          url: { env: 'DATABASE_URL' },
          migrations: { status: ['s'], up: ['u'], down: ['d'], env: { PGPASSWORD: { env: 'TOKEN' } } },
        },
        target: { host: 'ssh://root@host', sshKey: { file: '/key' } },
      }),
    );
    expect(found).toHaveLength(4);
    expect(found).toEqual(
      expect.arrayContaining([{ env: 'TOKEN' }, { file: 'key.txt' }, { env: 'DATABASE_URL' }, { file: '/key' }]),
    );
  });

  it('count those of checks, although they make no other app', () => {
    const headers = { Authorization: { env: 'HEALTH_AUTHORIZATION' } };
    const given = config({ smoke: { checks: [{ service: 'web', path: '/', headers }] } });
    expect(secretReferences(given)).toContainEqual({ env: 'HEALTH_AUTHORIZATION' });
    expect(runningSecrets(given)).toEqual(secretReferences(config()));
  });
});
