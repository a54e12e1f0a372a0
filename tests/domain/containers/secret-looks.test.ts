import { isSecretName, looksSecret } from '../../../domain/containers/secret-looks';

test.each([
  'DB_PASSWORD',
  'PGPASSWORD',
  'password',
  'JWT_SECRET',
  'NPM_TOKEN',
  'API_KEY',
  'apiKey',
  'x-api-key',
  'AWS_SECRET_ACCESS_KEY',
  'SECRET_KEY_BASE',
  'APP_KEY',
  'DB_PASS',
  'GOOGLE_CREDENTIALS',
])('a variable named %s holds a secret', (name) => expect(isSecretName(name)).toBe(true));

test.each([
  'TOKEN_TTL',
  'PASSWORD_FILE',
  'PUBLIC_KEY',
  'BYPASS',
  'KEYBOARD',
  'AWS_ACCESS_KEY_ID',
  'COMPASS',
  'TOKENIZER',
  'SORT_KEY',
])('a variable named %s does not', (name) => expect(isSecretName(name)).toBe(false));

test.each([
  'postgres://u:p@host/db',
  'redis://:p@host',
  '-----BEGIN RSA PRIVATE KEY-----',
  `ghp_${'a1'.repeat(18)}`,
  'AKIAABCDEFGHIJKLMNOP',
])('the value %s is one under any name', (value) => expect(looksSecret(value)).toBe(true));

test.each(['http://host:80/a@b', 'postgres://host/db', 'postgres://user@host/db', 'a:b@c', 'info', ''])(
  'the value %j is none',
  (value) => expect(looksSecret(value)).toBe(false),
);
