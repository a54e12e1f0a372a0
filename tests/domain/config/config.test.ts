import Ajv from 'ajv';
import { parse } from 'yaml';
import { appConfigSchema } from '../../../domain/config';
import { explain, mistakesIn, nearest } from '../../../domain/config/mistakes';
import { fileJsonSchema, type JsonSchema } from '../../../domain/config/schema';

const RIGHT = {
  version: 1,
  app: 'shop',
  services: { backend: { image: 'shop/backend:{version}', port: 8080, routes: [{ port: 80 }] } },
};
const mistakes = (input: unknown): string[] => {
  const { error } = appConfigSchema.safeParse(input, { error: explain });
  return error ? mistakesIn(error, input).map(({ path, message }) => `${path.join('.')}: ${message}`) : [];
};

describe('a configuration', () => {
  test('has durations in milliseconds, sizes in bytes, and defaults for the rest', () => {
    const config = appConfigSchema.parse({
      ...RIGHT,
      services: { backend: { ...RIGHT.services.backend, memory: '512MiB', policy: { maxSize: '500MB' } } },
      canary: { steps: [{ weight: 10 }, { weight: 50, soak: '1.5m' }], limits: { p95: '250ms' } },
    });
    expect(config.services.backend).toMatchObject({
      memory: 536_870_912,
      policy: { maxSize: 500_000_000, nonRoot: true, noSecrets: true },
      replicas: 1,
      readOnlyRoot: true,
      stopGrace: 10_000,
      health: { endpoints: [] },
    });
    expect(config.canary).toMatchObject({
      steps: [
        { weight: 10, soak: 30_000 },
        { weight: 50, soak: 90_000 },
      ],
      limits: { p95: 250, minRequests: 20 },
      inconclusive: 'hold',
    });
    expect(config.router).toMatchObject({ kind: 'haproxy' });
    expect(config.deadline).toBe(86_400_000);
  });

  test.each([
    [
      'a worker that only the live version may run writes to its own volume',
      {
        worker: {
          image: 'w',
          traffic: 'none',
          run: 'live-only',
          finish: ['x'],
          volumes: [{ source: 'data', target: '/data' }],
        },
      },
    ],
    [
      'two services share a port by host and path',
      {
        aa: { image: 'a', port: 1, routes: [{ port: 80, path: '/a' }] },
        b2: { image: 'b', port: 1, routes: [{ port: 80, host: 'b.example.com', path: '/a' }] },
      },
    ],
    [
      'a service inside of the app has no route',
      { inside: { image: 'i', port: 1, health: { endpoints: [{ path: '/up' }] } } },
    ],
    ['an image is pinned by digest', { db: { image: `registry.example.com:5000/a/b:1.2@sha256:${'a'.repeat(64)}` } }],
    [
      'a built image is named by the version and a suffix',
      { web: { build: { context: '.' }, image: 'shop/web:{version}-alpine' } },
    ],
    [
      'variables only look like secrets',
      { web: { image: 'w', env: { TOKEN_TTL: '60', PASSWORD_FILE: '/run/p', SECRET: '', URL: 'http://host:80/a@b' } } },
    ],
  ])('is right when %s', (_, services) => {
    expect(mistakes({ ...RIGHT, services: { ...RIGHT.services, ...services } })).toEqual([]);
  });

  test('tells rules that are broken beside values of the wrong kind', () => {
    const services = {
      backend: { ...RIGHT.services.backend, memory: 5, colour: 'red' },
      worker: { image: 'w', traffic: 'none', imgae: 'x' },
    };
    expect(mistakes({ ...RIGHT, services, smoke: { checks: [{ service: 'web', path: '/' }] } })).toEqual([
      'services.backend.memory: expected a size such as 350MB or 1GiB, seen the number 5',
      'services.backend.colour: unknown key, expected one of build, image, traffic, run, longest, port, routes, protocol, timeouts, health, replicas, cpu, memory, env, command, volumes, discard, tmpfs, readOnlyRoot, networks, hosts, stopGrace, finish, policy',
      'services.worker.imgae: unknown key, did you mean "image"?',
      'services.worker.run: expected `both` (old and new may run at once), `live-only` or `once` (a job that ends) because of `traffic: none`, seen nothing',
      'smoke.checks.0.service: expected one of the services (backend, worker), seen "web"',
    ]);
  });

  test.each([
    null,
    undefined,
    3,
    'text',
    [],
    { services: null },
    { services: [] },
    { services: { a1: null } },
    { ...RIGHT, canary: null, smoke: 3 },
  ])('that is %j has mistakes instead of throwing', (input) => expect(mistakes(input).length).toBeGreaterThan(0));

  test('survives becoming JSON, as it does on its way to a worker', () => {
    const config = appConfigSchema.parse({ ...RIGHT, database: { driver: 'postgres', url: { env: 'DB' } } });
    expect(JSON.parse(JSON.stringify(config))).toEqual(config);
  });
});

describe('a word', () => {
  const words = ['memory', 'image', 'replicas', 'env'];
  test.each([
    ['memroy', 'memory'],
    ['Image', 'image'],
    ['replica', 'replicas'],
    ['evn', 'env'],
    ['depends_on', undefined],
    ['x', undefined],
  ])('%s is taken for %s', (word, expected) => expect(nearest(word, words)).toBe(expected));
});

describe('the schema for editors', () => {
  const schema = fileJsonSchema();
  const check = new Ajv({ strict: false, allErrors: true }).compile(schema);
  const problems = (yaml: string): string[] => {
    check(parse(yaml, { merge: true }));
    return (check.errors ?? []).map(({ instancePath, message }) => `${instancePath} ${message}`);
  };
  const base = `x-any: {a: 1}\nversion: 1\napp: shop\nservices: {backend: {image: a, port: 80, env: {A: {env: B}}}}\n`;

  test('accepts what overrides only a part, in every environment', () => {
    expect(
      problems(`${base}router: {kind: nginx}
database: {driver: postgres, url: {env: DB}, migrations: {directory: m}}
environments:
  staging:
  production: {services: {backend: {replicas: 3}}, database: {url: {file: /db}}, router: {image: mine}, canary: {steps: [{weight: 10}]}}
`),
    ).toEqual([]);
  });

  test('refuses unknown keys and values of the wrong kind, also in overrides', () => {
    expect(problems(`${base}cannary: {}\n`)).toEqual([' must NOT have additional properties']);
    expect(problems(`${base}environments: {staging: {services: {backend: {replica: 3, memory: 5}}}}\n`)).toEqual(
      expect.arrayContaining([
        '/environments/staging/services/backend must NOT have additional properties',
        '/environments/staging/services/backend/memory must be string',
      ]),
    );
    expect(problems(`${base}environments: {staging: {app: other}}\n`)).toContain(
      '/environments/staging must NOT have additional properties',
    );
  });

  test('describes every key and shows how it is written', () => {
    const bare: string[] = [];
    const visit = (path: string, one: JsonSchema): void => {
      const branches = (one.anyOf ?? one.oneOf ?? []) as JsonSchema[];
      branches.forEach((branch) => visit(path, branch));
      if (typeof one.items === 'object') visit(`${path}[]`, one.items as JsonSchema);
      if (typeof one.additionalProperties === 'object') visit(`${path}.*`, one.additionalProperties as JsonSchema);
      for (const [key, property] of Object.entries((one.properties ?? {}) as Record<string, JsonSchema>)) {
        const isTable = property.properties ?? property.anyOf ?? property.oneOf ?? property.additionalProperties;
        const example = isTable ?? property.examples ?? property.default ?? property.enum ?? property.const;
        if (!property.description || example === undefined) bare.push(`${path}.${key}`);
        if (key !== 'environments') visit(`${path}.${key}`, property);
      }
    };
    visit('', schema);
    expect(bare).toEqual([]);
  });
});

describe('a configuration that says nothing of the analysis of a canary', () => {
  const read = (canary?: unknown) =>
    appConfigSchema.parse({ version: 1, app: 'shop', services: { web: { image: 'w' } }, canary }).canary;

  test('compares errors and latency, fails 1 % of good canaries by chance, and measures nothing else', () => {
    expect(read()).toMatchObject({ triggers: [], analysis: { metrics: [], groups: {} } });
    expect(read().longestSoak).toBeUndefined();
    expect(read().analysis).toMatchObject({
      compare: true,
      falseAlarms: 1,
      earlyPass: false,
      allowed: { errors: 1, latency: 1.1 },
      thresholds: { pass: 95, marginal: 75 },
    });
  });

  test('has the judge’s own settings for each metric', () => {
    const { metrics } = read({ analysis: { metrics: [{ name: 'm', containers: { measure: 'cpu' } }] } }).analysis;
    expect(metrics).toEqual([
      {
        name: 'm',
        group: 'default',
        weight: 1,
        critical: false,
        mustHaveData: false,
        minSamples: 20,
        confidence: 0.98,
        effect: { measure: 'meanRatio' },
        dryRun: false,
        interval: 10_000,
        containers: { measure: 'cpu', timeout: 5_000 },
      },
    ]);
  });
});

describe('per cent', () => {
  test('may have its sign, which less than one needs [proves W]', () => {
    const config = appConfigSchema.parse({
      ...RIGHT,
      canary: {
        steps: [{ weight: '5%' }, { weight: 100 }],
        limits: { errorRate: '0.5%' },
        triggers: [{ errorRate: 1, for: '5m' }],
        analysis: { falseAlarms: '0.1%', thresholds: { pass: '97.5%', marginal: 0 } },
      },
    });
    expect(config.canary).toMatchObject({
      steps: [{ weight: 5 }, { weight: 100 }],
      limits: { errorRate: 0.5 },
      triggers: [{ errorRate: 1 }],
      analysis: { falseAlarms: 0.1, thresholds: { pass: 97.5, marginal: 0 } },
    });
  });

  test('is what every setting is whose description says so, so that none takes a part of one [proves W]', () => {
    const told: string[] = [];
    const visit = (schema: JsonSchema, path: string): void => {
      const numbers = [schema, ...((schema.anyOf ?? []) as JsonSchema[])].filter(
        ({ type }) => type === 'number' || type === 'integer',
      );
      if (numbers.length > 0 && /per cent/i.test(schema.description ?? '')) told.push(`${path}: ${schema.title}`);
      for (const [key, one] of Object.entries(schema.properties ?? {})) visit(one as JsonSchema, `${path}.${key}`);
      if (typeof schema.items === 'object') visit(schema.items as JsonSchema, `${path}[]`);
    };
    for (const [key, one] of Object.entries(fileJsonSchema().properties ?? {})) visit(one as JsonSchema, key);
    expect(told.length).toBeGreaterThan(5);
    expect(told.filter((one) => !one.endsWith(': per cent'))).toEqual([]);
  });
});
