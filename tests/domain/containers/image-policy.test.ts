import { imageMistakes } from '../../../domain/containers/image-policy';

const image = {
  reference: 'shop-web:1.0.0',
  size: 100_000_000,
  user: '10001',
  files: {},
  env: { PATH: '/bin' },
  volumes: [],
};
const POLICY = { maxSize: 500_000_000, nonRoot: true, noSecrets: true };
const web = (policy: { maxSize?: number; nonRoot: boolean; noSecrets: boolean } = POLICY) => ({
  app: 'shop',
  service: 'web',
  config: { policy: { maxSize: undefined, ...policy }, volumes: [], discard: [], run: undefined },
});

test('an image within its policy has no mistakes', () => {
  expect(imageMistakes(image, web())).toEqual([]);
});

test('all mistakes are named at once, and no secret is quoted [proves G4, G5]', () => {
  const bad = { ...image, size: 600_000_000, user: '', env: { DB_PASSWORD: 'hunter2', API_KEY: 'k' } };
  const mistakes = imageMistakes(bad, web());
  expect(mistakes).toHaveLength(3);
  expect(mistakes.join('\n')).toMatch(/at most 500 MB, seen 600 MB[^]*seen no USER[^]*seen DB_PASSWORD, API_KEY/);
  expect(mistakes.join('\n')).not.toContain('hunter2');
});

test.each(['', 'root', '0', '0:0', 'root:root', '00'])('USER %p is root', (user) => {
  expect(imageMistakes({ ...image, user }, web())).toHaveLength(1);
});

test.each([
  ['GITHUB_TOKEN', 'x', true],
  ['JWT_SECRET', 'x', true],
  ['AWS_SECRET_ACCESS_KEY', 'x', true],
  ['TLS_PRIVATE_KEY', 'x', true],
  ['DATABASE_URL', 'postgres://app:hunter2@db/shop', true],
  ['ANYTHING', '-----BEGIN RSA PRIVATE KEY-----\nabc', true],
  ['PASSWORD', '', false],
  ['PASSWORD_FILE', '/run/secrets/password', false],
  ['TOKENIZER', 'bpe', false],
  ['DATABASE_URL', 'postgres://db/shop', false],
  ['NODE_VERSION', '20.0.0', false],
])('%s=%j looks like a secret: %p', (name, value, isSecret) => {
  expect(imageMistakes({ ...image, env: { [name]: value } }, web())).toHaveLength(isSecret ? 1 : 0);
});

test('a policy that allows something finds nothing', () => {
  const lax = { nonRoot: false, noSecrets: false };
  const files = { passwd: 'root:x:0:0::/root:/bin/sh' };
  expect(imageMistakes({ ...image, files, size: 1e12, user: 'root', env: { PASSWORD: 'x' } }, web(lax))).toEqual([]);
});
