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
  ['a list of keys', 'APP_KEYS', 'hunter22,other'],
  ['a numbered password', 'DB_PASS_2', 'hunter22'],
  ['a login with a slash', 'NEO4J_AUTH', 'neo4j/hunter22'],
  ['a login with a colon', 'BASIC_AUTH', 'admin:hunter22'],
  ['logins of several users', 'TRAEFIK_USERS', 'admin:hunter22,ops:hunter23'],
  ['a login and a host', 'RELAY', 'mailer:hunter22@mail:25'],
  ['a password with a slash', 'STORE', 'postgres://shop:hunter/22@db/shop'],
  ['an option', 'REDIS_ARGS', '--save 60 1 --requirepass hunter22'],
  ['a token in a query', 'CALLBACK', 'https://ci.example.com/hook?app=1&token=hunter22'],
  ['an address of Slack', 'ALERTS', 'https://hooks.slack.com/services/T0/B0/hunter22'],
  ['an address of Discord', 'ALERTS', 'https://discord.com/api/webhooks/123/hunter22'],
  ['an address of Mattermost', 'ALERTS', 'https://chat.example.com/hooks/hunter22hunter22hunter22'],
  ['a header', 'EXPORTER_HEADERS', 'Authorization=Basic YWRtaW46aHVudGVyMjI='],
  ['a token in camel case', 'apiToken', 'hunter22'],
  ['several tokens', 'API_TOKENS', 'hunter22,hunter23'],
  ['an address of mail with a password', 'SMTP_LOGIN', 'me@example.com:hunter22'],
  ['an address of Oracle', 'STORE', 'shop/hunter22@db:1521/XE'],
  ['JSON', 'SETTINGS', '{\\"password\\": \\"hunter22\\"}'],
  ['YAML', 'SETTINGS', 'password: hunter22'],
  ['a key of a maker', 'OPENAI', 'sk-proj-hunter22hunter22hunter22'],
])('%s in a variable is not copied, and the worker is asked for it [proves 13]', async (_, name, value) => {
  const { services, asked, text } = await proposed(
    `services: {web: {image: acme/web:1.2.3, ports: ["80:80"], environment: {${name}: "${value}"}}}`,
  );
  expect(services.web!.env).toEqual({ [name]: { env: name } });
  expect(text + asked).not.toContain(value);
  expect(text + asked).not.toContain('hunter2');
});

test.each([
  ['FROM', 'mailto:ops@example.com'],
  ['IMAGE', 'nginx:1.27@sha256:0123456789abcdef'],
  ['API', 'http://api:8080/@scope/name'],
  ['NEO4J_AUTH', 'none'],
  ['RUN_AS_USER', '1000:1000'],
  ['HOOKS', 'https://example.com/hooks/list'],
  ['MAX_TOKENS', '4096'],
  ['IMAGE', 'ghcr.io/acme/secret:1.2'],
  ['ACTION', 'actions/checkout@v4'],
  ['GREETING', 'Basic authentication'],
])('%s=%s is no secret, and is copied [proves 13]', async (name, value) => {
  const { services } = await proposed(
    `services: {web: {image: acme/web:1.2.3, ports: ["80:80"], environment: {${name}: "${value}"}}}`,
  );
  expect(services.web!.env).toEqual({ [name]: value });
});

test.each([
  ['a Compose file', 'healthcheck: {test: "curl -f http://localhost/health?token=hunter22"}', 'image: acme/web:1.2.3'],
  ['a Dockerfile', '', 'build: .'],
])('the health check of %s is not copied with the secret in its address [proves 13]', async (_, check, source) => {
  const { services, asked, text } = await proposed(
    `services: {web: {${source}, ports: ["80:80"]${check && `, ${check}`}}}`,
    { Dockerfile: 'FROM node\nEXPOSE 80\nHEALTHCHECK CMD curl -f http://localhost:80/health?token=hunter22\n' },
  );
  expect(services.web).not.toHaveProperty('health');
  expect(asked).toContain('? services.web.port: its health check has a secret in its address');
  expect(text + asked).not.toContain('hunter22');
});

test('no question shows a secret: not that of an address to build from, nor one that is a number [proves 13]', async () => {
  const { asked, text } = await proposed(
    `services:
  web: {image: acme/web:1.2.3, build: "https://bot:hunter22@github.com/acme/web.git", ports: ["80:80"]}
  api: {image: acme/api:1.2.3, ports: ["81:81"], environment: {PASSWORD: 0777}}
  jobs: {build: "https://hunter22@github.com/acme/jobs.git"}`,
  );
  expect(asked).toContain('was built from https://github.com/acme/web.git');
  expect(asked).toContain('PASSWORD (its value is not shown, and Compose passes another one)');
  expect(text + asked).not.toMatch(/hunter22|777|511/);
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
  ['["serve", "-p", "hunter22"]', ['serve', '-p', '${PASSWORD}']],
  ['["tool", "-u", "root", "-p", "correct"]', ['tool', '-u', 'root', '-p', '${PASSWORD}']],
  ['["mysqldump", "-u", "root", "-phunter22"]', ['mysqldump', '-u', 'root', '-p${PASSWORD}']],
  ['["redis-server", "--requirepass", "hunter22"]', ['redis-server', '--requirepass', '${PASSWORD}']],
  ['["redis-cli", "-a", "hunter22"]', ['redis-cli', '-a', '${PASSWORD}']],
  ['["serve", "--basic-auth=admin:hunter22"]', ['serve', '--basic-auth=${PASSWORD}']],
  [
    '["curl", "-H", "Authorization: Bearer hunter22", "--header=X-Api-Key: hunter22"]',
    ['curl', '-H', 'Authorization: Bearer ${TOKEN}', '--header=X-Api-Key: ${TOKEN}'],
  ],
  ['["curl", "-u", "admin:hunter22", "http://x"]', ['curl', '-u', '${PASSWORD}', 'http://x']],
  ['["sh", "-c", "PGPASSWORD=hunter22 psql -p 5432"]', ['sh', '-c', 'PGPASSWORD=${PASSWORD} psql -p 5432']],
  ['["sh", "-c", "curl https://hooks.slack.com/services/T0/B0/hunter22; serve"]', ['sh', '-c', 'curl ${TOKEN}; serve']],
  ['["serve", "--ping=http://x/y?token=hunter22"]', ['serve', '--ping=http://x/y?token=${TOKEN}']],
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
  ['["serve", "-p", "3000", "-u", "app"]'],
  ['["serve", "acme/token:1.2", "-H", "X-Token: $$TOKEN"]'],
  ['["vite", "-p", "tsconfig.json"]'],
  ['["mongosh", "-p", "27017:27017"]'],
  ['["uwsgi", "--user", "app:staff", "-u", "1000:1000"]'],
  ['["sh", "-c", "cd $$PWD && PWD=/app serve --url http://api:8080/@x"]'],
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
