import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { parse } from 'yaml';
import { registerInit } from '../../../../starters/init';
import { registerValidate } from '../../../../starters/validate';
import { command } from '../../../support/in-process';

const home = process.cwd();
let directory: string;
beforeEach(() => {
  directory = join(mkdtempSync(join(tmpdir(), 'spillway-compose-')), 'shop');
  mkdirSync(directory);
  process.chdir(directory);
});
afterEach(() => {
  process.chdir(home);
  rmSync(dirname(directory), { recursive: true, force: true });
});

interface Proposed {
  services: Record<string, Record<string, unknown>>;
  asked: string;
}

async function proposed(files: Record<string, string>, ...options: string[]): Promise<Proposed> {
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(dirname(name), { recursive: true });
    writeFileSync(name, content);
  }
  const said = await command(registerInit, 'init', ...options);
  expect(said).toMatchObject({ exitCode: 0 });
  const text = readFileSync('spillway.yaml', 'utf8');
  expect(await command(registerValidate, 'validate')).toMatchObject({ exitCode: 0 });
  expect(text + said.stdout + said.stderr).not.toContain('hunter2');
  return { services: (parse(text) as Proposed).services, asked: said.stderr };
}

const web = (body: string): string => `services:\n  web:\n    image: acme/web\n${body.replace(/^/gm, '    ')}\n`;

test('nested variables become what Compose makes of them [proves 12]', async () => {
  const { services } = await proposed({
    'compose.yaml': `services:
  web:
    image: "\${IMG:-ghcr.io/acme/web:1.2.3}"
    build: {context: "./\${DIR:-app}", dockerfile: "\${FILE:-Dockerfile.prod}"}
    ports: ["80:3000"]
    environment: {CACHE: "\${C:-redis://\${H:-cache}:6379/0}", PRICE: "$$5", MODE: "\${DEBUG:+debug}"}
`,
  });
  expect(services.web).toMatchObject({
    image: 'ghcr.io/acme/web:{version}',
    build: { context: './app', dockerfile: 'Dockerfile.prod' },
    env: { CACHE: 'redis://cache:6379/0', PRICE: '$5', MODE: '' },
  });
});

test('a variable without a value is asked for by its name [proves 12, 13]', async () => {
  const { services, asked } = await proposed({
    'compose.yaml': web(
      'ports: ["${WEB_PORT}:3000"]\nenvironment: {KEY: "${LICENCE:?buy one}"}\nvolumes: ["${DATA_DIR}/x:/x"]',
    ),
  });
  expect(services.web!.env).toEqual({ KEY: { env: 'LICENCE' } });
  expect(asked).toContain('WEB_PORT had no value');
  expect(asked).toContain('DATA_DIR had no value');
  expect(asked).toContain('LICENCE');
});

test('.env and the name of the project are those of Compose, and no secret is copied [proves 13]', async () => {
  const { services } = await proposed({
    'compose.yaml': web(
      'ports: ["${PORT}:3000"]\nenvironment: {MODE: "${MODE}", DB_PASSWORD: "${DB_PASSWORD}", URL: "postgres://u:${DB_PASSWORD}@db/x"}\nvolumes: [data:/data]\nenv_file: [app.env, {path: raw.env, format: raw}]',
    ).concat('volumes: {data: }\n'),
    '.env': 'COMPOSE_PROJECT_NAME=p21\nexport PORT=8080\nMODE="fast" # c\nDB_PASSWORD=\'hunter2\'\n',
    'raw.env': 'RAW="a" $b # c\n',
    'app.env': 'LEVEL=info\nAPI_TOKEN=hunter2\nOTHER=hunter2hunter2hunter2hunter2A1\n',
  });
  expect(services.web).toMatchObject({
    routes: [{ port: 8080 }],
    env: {
      LEVEL: 'info',
      RAW: '"a" $b # c',
      API_TOKEN: { env: 'API_TOKEN' },
      OTHER: { env: 'OTHER' },
      MODE: 'fast',
      DB_PASSWORD: { env: 'DB_PASSWORD' },
      URL: { env: 'URL' },
    },
    volumes: [{ source: 'p21_data', target: '/data', shared: true }],
  });
});

test('a port and the name of the project may come from variables [proves 13]', async () => {
  const { services } = await proposed({
    'compose.yaml': `name: \${P:-shop}\n${web('ports: ["${PORT}"]\nvolumes: [data:/data]')}  worker: {image: acme/worker, expose: ["\${INNER:-9000}"]}\nvolumes: {data: }\n`,
    '.env': 'PORT=3000\n',
  });
  expect(services.web).toMatchObject({ port: 3000, volumes: [{ source: 'shop_data' }] });
  expect(services.worker).toMatchObject({ port: 9000 });
});

test('numbers stay the text that they were [proves 17]', async () => {
  const { services, asked } = await proposed({
    'compose.yaml': `services:
  web:
    image: acme/web
    ports: ["80:80"]
    environment: {ID: 987654321098765432, VERSION: 3.10, ON: true, DAY: 2024-01-02, FILE_MODE: 0644, HUGE: 123456789012345678901234567890}
  api: {build: {context: ., args: {ID: 987654321098765432, NODE: 3.10}}, ports: ["81:81"]}
`,
  });
  expect(services.web!.env).toEqual({
    ID: '987654321098765432',
    VERSION: '3.10',
    ON: 'true',
    DAY: '2024-01-02',
    FILE_MODE: '0644',
    HUGE: '123456789012345678901234567890',
  });
  expect(services.api!.build).toMatchObject({ args: { ID: '987654321098765432', NODE: '3.10' } });
  expect(asked).toContain('it says 3.10, which Compose passes as 3.1');
});

test('services that come by extends and include are proposed [proves 18]', async () => {
  const { services } = await proposed({
    'compose.yaml': 'include: [api/compose.yaml]\nservices: {web: {extends: {file: base.yaml, service: web}}}\n',
    'base.yaml': 'services: {web: {image: acme/web, ports: ["80:80"]}}\n',
    'api/compose.yaml': 'services: {api: {build: ./src, ports: ["81:81"], environment: {A: "$A"}}}\n',
    'api/.env': 'A=inner\n',
  });
  expect(services.web).toMatchObject({ image: expect.stringContaining('acme/web') as unknown, port: 80 });
  expect(services.api).toMatchObject({ build: { context: './api/src' }, env: { A: 'inner' } });
});

test('the files, the project and the profiles may be named [proves 18]', async () => {
  const { services } = await proposed(
    {
      'deploy/a.yml': `${web('ports: ["80:80"]\nvolumes: [data:/data]')}  report: {image: acme/report, profiles: [tools], ports: ["81:81"]}\nvolumes: {data: }\n`,
      'deploy/prod.yml': 'services: {web: {build: ../web, environment: {MODE: "$MODE"}}}\n',
      'prod.env': 'MODE=prod\n',
    },
    ...['--compose', 'deploy/a.yml', '--compose', 'deploy/prod.yml', '--env-file', 'prod.env'],
    ...['--project-name', 'mine', '--profile', 'tools'],
  );
  expect(services.web).toMatchObject({
    build: { context: './web' },
    env: { MODE: 'prod' },
    volumes: [{ source: 'mine_data' }],
  });
  expect(services).toHaveProperty('report');
});

test('what a file says in a form that Compose does not take is told [proves 18]', async () => {
  const { asked } = await proposed({
    'compose.yaml': `services:
  web:
    image: acme/web
    ports: ["80:80", "80:http", [81]]
    environment: {A: {version}}
    command: [run, [now]]
    hostname: {name}
    volumes: ["a:b:c:d", {source: x}]
models: {llm: {model: x}}
`,
  });
  for (const text of [
    'expected a port such as "8080:80", seen "80:http"',
    'expected a text or a mapping, seen a list',
    'environment.A: expected a value, seen a mapping; write a text with {…} in it in quotes',
    'command.1: expected a text, seen a list',
    'hostname: expected a text, seen a mapping; write a text with {…} in it in quotes',
    'expected a volume such as "data:/var/lib/data", seen "a:b:c:d"',
    'volumes.0: expected a `target`, seen none',
    'what stands under `models` was not read',
  ])
    expect(asked).toContain(text);
});
