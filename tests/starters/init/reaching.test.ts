import { inFolder, proposed } from './proposed';

inFolder();

const DATABASE = 'db: {image: "postgres:16"}';
const web = (rest: string): string =>
  `services: {web: {image: acme/web:1.2.3, ports: ["80:80"], ${rest}}, ${DATABASE}}`;
const decisions = (asked: string): string[] => asked.split('\n').filter((line) => line.startsWith('? '));

test.each([
  ['settings of .NET', 'A: "Host=db;Port=5432"'],
  ['settings of .NET with a protocol', 'A: "Data Source=tcp:db,1433"'],
  ['settings of libpq', 'A: "host=db user=x"'],
  ['JSON', `A: '{"host":"db"}'`],
  ['JSON with blanks', `A: '{"port": 1, "host" : "db"}'`],
  ['the name of a host', 'DATABASE_HOST_NAME: db'],
  ['an address whose password had no value', 'A: "postgres://u:${PW}@db/x"'],
  ['an address whose password ends in !', 'A: "postgres://u:p!@db/x"'],
  ['an address whose password ends in =', 'A: "amqp://u:cA==@db"'],
  ['an address of Go without a port', 'A: "u:p@tcp(db)/x"'],
  ['an address of Oracle', 'A: "jdbc:oracle:thin:@db:1521:xe"'],
  ['a list with logins', 'A: "amqp://u:p@db:5672,u:p@db2:5672"'],
  ['a list of hosts', 'A: "mongodb://db1,db/x"'],
  ['a list of words', `A: '["db", "cache"]'`],
  ['an address of gRPC', 'A: "dns:///db:50051"'],
])('%s names a database that stays outside, so its network is joined [proves questions]', async (_, variable) => {
  const { services } = await proposed(web(`environment: {${variable}}`));
  expect(services.web!.networks).toEqual(['shop_default']);
});

test.each([
  ['a user', 'A: "mysql://db:x@example.com/db"'],
  ['a user without a password', 'A: "smtp://db@example.com"'],
  ['a path', 'A: "sqlite:///db/x"'],
  ['a name in a longer one', 'A: "Host=db.example.com"'],
  ['a setting that is no host', 'A: "Host=example.com;Database=db"'],
])('%s with the name of a database is not taken for its host [proves questions]', async (_, variable) => {
  const { services, asked } = await proposed(web(`environment: {${variable}}`));
  expect(services.web).not.toHaveProperty('networks');
  expect(asked).toContain('? services: no service names db (shop_default) as a host');
});

test.each([
  ['a variable without a value', 'environment: {DATABASE_URL: "${DATABASE_URL}"}', 'DATABASE_URL'],
  ['a variable that is only named', 'environment: [REDIS_HOST]', 'REDIS_HOST'],
  ['a host without a value', 'environment: {A: "postgres://u:p@${DB_HOST}/x"}', 'DB_HOST'],
  ['a file', 'environment: {DATABASE_URL_FILE: /run/secrets/url}', 'DATABASE_URL_FILE'],
  ['a missing file of variables', 'env_file: prod.env', '`env_file`'],
])('where %s may name a database, somebody must decide [proves questions]', async (_, rest, name) => {
  const { services, asked } = await proposed(web(rest));
  expect(services.web).not.toHaveProperty('networks');
  expect(decisions(asked).join('\n')).toMatch(
    /services\.web\.networks: what .* would say is not known here, so it may ask for db; if it does, write `networks: \[shop_default\]`/,
  );
  expect(asked).toContain(`what ${name} would say`);
  expect(asked).not.toContain('no service names');
});

test('a database that nothing names is asked about, but not one that only its tools name [proves questions]', async () => {
  const { asked } = await proposed(
    `services:
  web: {image: acme/web:1.2.3, ports: ["80:80"]}
  db: {image: "postgres:16"}
  adminer: {image: adminer, depends_on: [db]}
  broker: {image: "confluentinc/cp-kafka:7.6.1", environment: {ZOOKEEPER: "zookeeper:2181"}, networks: [inner]}
  zookeeper: {image: "confluentinc/cp-zookeeper:7.6.1", networks: [inner]}
networks: {inner: }`,
  );
  const [question = ''] = decisions(asked).filter((line) => line.includes('as a host'));
  expect(question).toContain('no service names db (shop_default) as a host');
});

test('a service that reaches one database reaches all on its network, and is not asked [proves questions]', async () => {
  const { services, asked } = await proposed(
    web('environment: {DB: "db:5432", CACHE_URL: "${CACHE_URL}"}').replace(
      DATABASE,
      `${DATABASE}, cache: {image: redis}`,
    ),
  );
  expect(services.web!.networks).toEqual(['shop_default']);
  expect(asked).not.toMatch(/as a host|may ask for/);
});

test('what is asked for and belongs to a profile is a question, until the profile is named [proves questions]', async () => {
  const compose = web('environment: {CACHE: "redis://cache"}').replace(
    DATABASE,
    'cache: {image: redis, profiles: [full]}',
  );
  const { services, asked } = await proposed(compose);
  expect(services.web).not.toHaveProperty('networks');
  expect(decisions(asked).join('\n')).toContain(
    'services.web.networks: it asks for cache, which Compose does not start',
  );
  const named = await proposed(compose, {}, '--profile', 'full', '--force');
  expect(named.services.web!.networks).toEqual(['shop_default']);
});

test('a sibling behind an option for a host is reached in its own version [proves questions]', async () => {
  const { services } = await proposed(
    `services:
  api: {image: acme/api:1.2.3, ports: ["81:81"]}
  web: {image: acme/web:1.2.3, ports: ["80:80"], command: [serve, --api-host, api, --backend=api, --name, api]}`,
  );
  expect(services.web!.command).toEqual(['serve', '--api-host', 'api-{slot}', '--backend=api-{slot}', '--name', 'api']);
});

test('a user, a password or a path with the name of a sibling stays, and its host does not [proves questions]', async () => {
  const { services } = await proposed(
    `services:
  app: {image: acme/app:1.2.3, ports: ["81:81"]}
  mail: {image: acme/mail:1.2.3, ports: ["82:82"]}
  web:
    image: acme/web:1.2.3
    ports: ["80:80"]
    environment:
      A: smtp://app@mail
      B: postgres://app@example.com:5432/app
      C: "file:///app/x"
      D: "dns:///app:50051"
      E: "Host=app;Username=mail"
      F: '{"host": "app", "user": "app"}'
      G: "http://app:80,mail:81"
      APP_HOST_NAME: app
      H: "http://app.example.com"
      I: "xapp@mail:25"`,
  );
  expect(services.web!.env).toEqual({
    A: 'smtp://app@mail-{slot}',
    B: 'postgres://app@example.com:5432/app',
    C: 'file:///app/x',
    D: 'dns:///app-{slot}:50051',
    E: 'Host=app-{slot};Username=mail',
    F: '{"host": "app-{slot}", "user": "app"}',
    G: 'http://app-{slot}:80,mail-{slot}:81',
    APP_HOST_NAME: 'app-{slot}',
    H: 'http://app.example.com',
    I: 'xapp@mail-{slot}:25',
  });
});
