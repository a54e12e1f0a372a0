import { inFolder, proposed } from './proposed';

inFolder();

const JWT = 'eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0THsR8U';

test.each([
  ['a signed token', 'LICENCE', JWT],
  ['a connection string', 'ConnectionString', 'Server=db;User Id=sa;Password=hunter22;Encrypt=False'],
  ['an address of Go', 'DSN', 'shop:hunter22@tcp(db:3306)/shop'],
  ['an address with a password', 'DB', 'postgres://shop:hunter22@db/shop'],
  ['a key', 'ACTIVE_RECORD_ENCRYPTION_DETERMINISTIC_KEY', 'hunter22'],
  ['a salt', 'AUTH_SALT', 'hunter22'],
])('%s in a variable is not copied, and the worker is asked for it [proves 13]', async (_, name, value) => {
  const { services, asked, text } = await proposed(
    `services: {web: {image: acme/web:1.2.3, ports: ["80:80"], environment: {${name}: "${value}"}}}`,
  );
  expect(services.web!.env).toEqual({ [name]: { env: name } });
  expect(text + asked).not.toContain(value);
});

test.each(['RECAPTCHA_SITE_KEY', 'STRIPE_PUBLISHABLE_KEY', 'PUBLIC_KEY', 'SORT_KEY'])(
  'what is open to all, such as %s, is copied [proves 13]',
  async (name) => {
    const { services } = await proposed(
      `services: {web: {image: acme/web:1.2.3, ports: ["80:80"], environment: {${name}: abc}}}`,
    );
    expect(services.web!.env).toEqual({ [name]: 'abc' });
  },
);

test.each([
  ['["serve", "--token=${API_TOKEN}"]', ['serve', '--token=${API_TOKEN}']],
  ['["serve", "--jwt", "${OTHER}"]', ['serve', '--jwt', '${OTHER}']],
  ['["serve", "--password=hunter22"]', ['serve', '--password=${PASSWORD}']],
  ['["serve", "--password", "hunter22"]', ['serve', '--password', '${PASSWORD}']],
  ['["serve", "-db", "postgres://shop:hunter22@db/shop"]', ['serve', '-db', 'postgres://shop:${PASSWORD}@db/shop']],
  [`["sh", "-c", "x --api-key ${JWT} && y"]`, ['sh', '-c', 'x --api-key ${PASSWORD} && y']],
  [`["sh", "-c", "x pwd=hunter22; y ${JWT}"]`, ['sh', '-c', 'x pwd=${PASSWORD}; y ${TOKEN}']],
])('the secret in the command %s is not copied, and asked about [proves 13]', async (command, expected) => {
  const { services, asked, text } = await proposed(
    `services: {web: {image: acme/web:1.2.3, ports: ["80:80"], command: ${command}}}`,
    { '.env': `API_TOKEN=hunter22\nOTHER=${JWT}\n` },
  );
  expect(services.web!.command).toEqual(expected);
  expect(asked).toContain('secrets were not copied');
  expect(text + asked).not.toMatch(/hunter22|dozjgNry/);
});

test.each([
  ['["serve", "--token-file=/run/secrets/x", "--password-stdin"]'],
  ['["sh", "-c", "serve --token=$$TOKEN --password $$PASSWORD"]'],
  ['["serve", "--secret", "--verbose"]'],
])('the command %s holds no secret, and stays as it is [proves 13]', async (command) => {
  const { services, asked } = await proposed(
    `services: {web: {image: acme/web:1.2.3, ports: ["80:80"], command: ${command}}}`,
  );
  expect(services.web!.command).toEqual((JSON.parse(command) as string[]).map((word) => word.replaceAll('$$', '$')));
  expect(asked).not.toContain('secrets were not copied');
});

test('a secret with a short target is a file in /run/secrets [proves 14]', async () => {
  const { services } = await proposed(
    `services: {web: {image: acme/web:1.2.3, ports: ["80:80"], secrets: [{source: key, target: app.key}], configs: [{source: key, target: /etc/a}]}}
secrets: {key: {file: ./key.txt}}
configs: {key: {file: ./key.txt}}`,
    { 'key.txt': 'x' },
  );
  expect(services.web!.volumes).toMatchObject([{ target: '/run/secrets/app.key' }, { target: '/etc/a' }]);
});
