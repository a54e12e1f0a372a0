import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { parse } from 'yaml';
import { registerInit } from '../../starters/init';
import { composeDuration, composeSize, properName } from '../../starters/init/compose-values';
import { dockerfileFacts } from '../../starters/init/dockerfile';
import { registerValidate } from '../../starters/validate';
import { command } from '../support/in-process';

const home = process.cwd();
let directory: string;
beforeEach(() => {
  directory = join(mkdtempSync(join(tmpdir(), 'spillway-init-')), 'my shop');
  mkdirSync(directory);
  process.chdir(directory);
});
afterEach(() => {
  process.chdir(home);
  rmSync(dirname(directory), { recursive: true, force: true });
});

function put(files: Record<string, string>): void {
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(dirname(name), { recursive: true });
    writeFileSync(name, content);
  }
}

/** Runs `init`, and expects that `validate` has nothing against what it wrote. */
async function proposed(files: Record<string, string>) {
  put(files);
  const said = await command(registerInit, 'init');
  expect(said).toMatchObject({ exitCode: 0 });
  const text = readFileSync('spillway.yaml', 'utf8');
  expect(await command(registerValidate, 'validate')).toMatchObject({ exitCode: 0 });
  expect(text + said.stdout + said.stderr).not.toContain('hunter2');
  return {
    said,
    text,
    file: parse(text) as { app: string; services: Record<string, Record<string, unknown>>; database?: object },
  };
}

const COMPOSE = `
x-common: &common
  restart: unless-stopped
services:
  backend:
    <<: *common
    build: ./backend
    image: registry.example.com:5000/shop/backend:\${TAG:-latest}
    ports: ["127.0.0.1:8080:3000", "9229:9229", "5000-5010:5000-5010", "53:53/udp"]
    environment:
      PORT: 3000
      DATABASE_URL: postgres://shop:hunter2@db:5432/shop
      JWT_SECRET: hunter2
      STRIPE: \${STRIPE_KEY}
      LOG_LEVEL: \${LOG_LEVEL:-info}
      API_TOKEN: \${API_TOKEN:-hunter2}
      PRICE: "$$5"
    env_file: .env
    healthcheck:
      test: ["CMD-SHELL", "curl -f http://localhost:3000/health || exit 1"]
      interval: 1m30s
      timeout: 5s
      retries: 5
      start_period: 3m
    volumes: ["uploads:/app/uploads", "./config:/app/config:ro", "/etc/ssl/certs:/certs:ro"]
    deploy: {replicas: 2, resources: {limits: {cpus: '0.50', memory: 512M}}}
    privileged: true
  frontend:
    image: registry.example.com/shop/frontend:1.2.3
    ports: [{target: 80, published: "8443", protocol: tcp}]
    environment: ["API=http://backend:3000", "JWT_SECRET=hunter22", PASSED]
    read_only: true
    stop_grace_period: 1m
  mail_worker:
    build: {context: ./worker, dockerfile: Dockerfile.prod, target: run, args: {NPM_TOKEN: hunter2, MODE: fast}}
    command: node worker.js --queue "mail jobs"
    volumes: [jobs:/jobs, /tmp/cache]
    mem_limit: 256m
  report: {image: shop/report, profiles: [tools]}
  db: {image: "postgres:16-alpine", environment: {POSTGRES_PASSWORD: hunter2}}
  redis: {image: "redis:7"}
volumes: {uploads: {}, jobs: {external: true}}
`;

describe('init from a Compose file', () => {
  const files = {
    'docker-compose.yml': COMPOSE,
    'backend/Dockerfile': 'FROM node:20\nEXPOSE 3000\n',
    'worker/Dockerfile.prod': 'FROM node:20 AS base\nUSER node\nFROM base AS run\nFROM base AS test\nUSER root\n',
    'db/migrations/001.up.sql': '',
    'db/migrations/001.down.sql': '',
  };

  test('proposes services, resources, health and a database', async () => {
    const { file } = await proposed(files);
    expect(file).toEqual({
      version: 1,
      app: 'my-shop',
      services: {
        backend: {
          build: { context: './backend' },
          image: 'registry.example.com:5000/shop/backend:{version}',
          port: 3000,
          routes: [{ port: 8080 }],
          health: { endpoints: [{ path: '/health', timeout: '5s' }], interval: '90s', attempts: 7 },
          replicas: 2,
          cpu: 0.5,
          memory: '512MiB',
          env: {
            PORT: '3000',
            DATABASE_URL: { env: 'DATABASE_URL' },
            JWT_SECRET: { env: 'BACKEND_JWT_SECRET' },
            STRIPE: { env: 'STRIPE_KEY' },
            LOG_LEVEL: 'info',
            API_TOKEN: { env: 'API_TOKEN' },
            PRICE: '$5',
          },
          volumes: [
            { source: 'myshop_uploads', target: '/app/uploads', shared: true },
            { source: '/etc/ssl/certs', target: '/certs', readOnly: true },
          ],
          readOnlyRoot: false,
          networks: ['myshop_default'],
        },
        frontend: {
          image: 'registry.example.com/shop/frontend:{version}',
          port: 80,
          routes: [{ port: 8443 }],
          env: {
            API: 'http://backend-{slot}:3000',
            JWT_SECRET: { env: 'FRONTEND_JWT_SECRET' },
            PASSED: { env: 'PASSED' },
          },
          stopGrace: '1m',
        },
        'mail-worker': {
          build: { context: './worker', dockerfile: 'Dockerfile.prod', target: 'run', args: { MODE: 'fast' } },
          traffic: 'none',
          run: 'live-only',
          memory: '256MiB',
          command: ['node', 'worker.js', '--queue', 'mail jobs'],
          volumes: [{ source: 'jobs', target: '/jobs' }],
          readOnlyRoot: false,
        },
      },
      database: { driver: 'postgres', url: { env: 'DATABASE_URL' }, migrations: { directory: './db/migrations' } },
    });
  });

  test('says in the file and on standard error what it could not know', async () => {
    const { said, text } = await proposed(files);
    const questions = said.stderr.trim().split('\n');
    expect(questions).toEqual(
      expect.arrayContaining([
        'To decide before the first release (12):',
        '? services: no service names redis (myshop_default) as a host; if one asks for it all the same, as by a file in its image, write `networks: [NETWORK]` there, with the network in brackets',
        '? services: keep db, redis running under Compose: `docker compose up -d db redis`; what Spillway runs from now on must leave its ports: `docker compose stop backend frontend mail_worker`',
        '? services.backend: Spillway gives its containers no more than Docker’s usual rights, so `privileged` is not done; does it run without?',
        '? services.backend.build: its Dockerfile has no USER, so the image may run as root, which `policy.nonRoot` refuses',
        '? services.backend.port: the router speaks HTTP, so nothing reaches 53/udp any more; who needs that?',
        '? backend, frontend: env: the worker needs the values of DATABASE_URL, BACKEND_JWT_SECRET, STRIPE_KEY, API_TOKEN, FRONTEND_JWT_SECRET, PASSED in its own environment; they were not copied',
        '? services.mail-worker.build: the build arguments NPM_TOKEN were left out: their values are secrets, or come from the environment',
        '- services: report is left out, because it runs only with the profile tools',
        '- services: not released, since they hold data or serve the team: db (database: postgres:16-alpine), redis (cache: redis:7); to release one all the same, write it under `services`',
        '- services.backend.port: a service has one port here, so 5000-5010, 9229 stayed out',
        '- services.backend.networks: it reaches db under these names through myshop_default, where they stay; before the first release, too',
      ]),
    );
    const notes = questions.filter((line) => line.startsWith('- '));
    expect(text.match(/^ *# note: /gm)).toHaveLength(notes.length);
    expect(text).toContain(
      '    # note: the tag was `1.2.3`: is the version of the app all of it?\n    image: registry',
    );
    expect(said.stdout).toContain(`12 questions are left in its comments, and ${notes.length} notes`);
  });

  test('with --json answers one document', async () => {
    put(files);
    const said = await command(registerInit, 'init', '--json', '--app', 'shop');
    expect(JSON.parse(said.stdout)).toMatchObject({
      file: 'spillway.yaml',
      source: 'docker-compose.yml',
      services: ['backend', 'frontend', 'mail-worker'],
      questions: expect.arrayContaining([
        {
          path: ['services', 'backend', 'port'],
          text: 'the router speaks HTTP, so nothing reaches 53/udp any more; who needs that?',
          importance: 'decide',
        },
      ]) as unknown,
    });
    expect(readFileSync('spillway.yaml', 'utf8')).toContain('app: shop\n');
  });

  test('leaves out, with a question, what a configuration cannot say', async () => {
    const { file, said } = await proposed({
      'compose.yaml': `services:
  one: {image: "$IMAGE", ports: ["80:80"]}
  two: {image: "shop/two", ports: ["80:80"], environment: {MY-VAR: x}, healthcheck: {test: "wget http://127.0.0.1:80/a b"}}
  three: {image: shop/three, ports: ["80:80"], volumes: ["data:/a", "data:/a"]}
  four: ~
`,
    });
    expect(Object.keys(file.services)).toEqual(['one', 'two', 'three']);
    expect(file.services.one).toMatchObject({ image: 'image:{version}' });
    expect(file.services.two).toMatchObject({ env: {}, health: { endpoints: [{ path: '/a' }] } });
    expect(file.services.three).toMatchObject({ routes: [] });
    expect(said.stderr).toContain('IMAGE had no value');
    expect(said.stderr).toContain('env.MY-VAR was left out');
  });

  test('gives volumes without a name one, of the Compose file and of the Dockerfile, but not what is mounted [proves 6]', async () => {
    const { file } = await proposed({
      'compose.yaml': `services:
  web:
    build: web
    ports: ["80:80"]
    volumes: [/cache, "logs:/logs", {type: volume, target: /state}, /tmp/scratch, {type: tmpfs, target: /memory}]
volumes: {logs: {name: all-logs}}
`,
      'web/Dockerfile': 'FROM node:20\nVOLUME /logs/ /data /cache\n',
    });
    expect(file.services.web!.volumes).toEqual([
      { source: 'all-logs', target: '/logs', shared: true },
      ...['cache', 'data', 'state'].map((path) => ({
        source: `my-shop-web-${path}`,
        target: `/${path}`,
        shared: true,
      })),
    ]);
    expect(file.services.web!.tmpfs).toEqual(['/memory']);
  });

  test('says that a Compose file has nothing to release', async () => {
    put({ 'compose.yaml': 'services: {db: {image: postgres}}\n' });
    const said = await command(registerInit, 'init');
    expect(said).toMatchObject({ stdout: '', exitCode: 64 });
    expect(said.stderr).toContain('expected services in compose.yaml that Spillway can release, seen none');
    expect(readdirSync('.')).toEqual(['compose.yaml']);
  });

  test.each([
    ['that is not YAML', 'services: {', 'compose.yaml:1 not valid YAML: '],
    ['without services', 'version: "3"', 'expected a Compose file with `services`, seen only version in compose.yaml'],
  ])('refuses one %s', async (_, content, message) => {
    put({ 'compose.yaml': content });
    const said = await command(registerInit, 'init');
    expect(said.exitCode).toBe(64);
    expect(said.stderr).toContain(message);
  });
});

describe('init from Dockerfiles', () => {
  test('proposes a service for each', async () => {
    const { file, said } = await proposed({
      'api/Dockerfile': 'FROM node:20\nEXPOSE 3000/tcp\nUSER node\nHEALTHCHECK CMD wget -q http://localhost:3000/up\n',
      'web.Dockerfile': 'FROM nginx\nEXPOSE 3000\nUSER 101\n',
      'worker/Dockerfile': 'FROM node:20\nUSER node\n',
      'node_modules/other/Dockerfile': 'FROM scratch\n',
    });
    expect(file).toMatchObject({ app: 'my-shop' });
    expect(file.services).toEqual({
      web: { build: { context: '.', dockerfile: 'web.Dockerfile' }, port: 3000, routes: [{ port: 3000 }] },
      api: { build: { context: './api' }, port: 3000, health: { endpoints: [{ path: '/up' }] } },
      worker: { build: { context: './worker' }, traffic: 'none', run: 'live-only' },
    });
    expect(said.stderr).toContain('services.api.port: another service has port 3000 at the router already');
  });

  test('gives what a VOLUME of the image holds a volume with a name, and asks whether it may be lost [proves 6]', async () => {
    const { file, said } = await proposed({
      'web/Dockerfile': 'FROM node:20\nEXPOSE 3000\nUSER node\nVOLUME /data/ /tmp/cache\n',
      'worker/Dockerfile': 'FROM node:20\nUSER node\nVOLUME ["/var/lib/jobs"]\n',
    });
    expect(file.services.web!.volumes).toEqual([{ source: 'my-shop-web-data', target: '/data', shared: true }]);
    expect(file.services.worker!.volumes).toEqual([{ source: 'my-shop-worker-var-lib-jobs', target: '/var/lib/jobs' }]);
    expect(said.stderr).toContain('? services.web.volumes: what is in /data would be lost with each version');
    expect(said.stderr).toContain('name the path in `discard` instead');
  });

  test('names the only one after the folder', async () => {
    const { file } = await proposed({ Dockerfile: 'FROM scratch\nEXPOSE 80\n' });
    expect(Object.keys(file.services)).toEqual(['my-shop']);
  });

  test('says that there is nothing to make one from', async () => {
    const said = await command(registerInit, 'init');
    expect(said).toMatchObject({ stdout: '', exitCode: 64 });
    expect(said.stderr).toContain('expected a Compose file or a Dockerfile in');
  });
});

describe('a file that is there', () => {
  beforeEach(() => put({ Dockerfile: 'FROM scratch\nEXPOSE 80\n', 'spillway.yaml': 'mine' }));

  test('is never overwritten', async () => {
    const said = await command(registerInit, 'init');
    expect(said).toEqual({
      stdout: '',
      stderr: 'error: expected no spillway.yaml yet, seen one; --force replaces it\n',
      exitCode: 64,
    });
    expect(readFileSync('spillway.yaml', 'utf8')).toBe('mine');
  });

  test('is replaced with --force, and no draft stays', async () => {
    expect(await command(registerInit, 'init', '--force')).toMatchObject({ exitCode: 0 });
    expect(readFileSync('spillway.yaml', 'utf8')).toContain('app: my-shop');
    expect(readdirSync('.').sort()).toEqual(['Dockerfile', 'spillway.yaml']);
  });
});

describe('what Compose writes', () => {
  test.each([
    ['1m30s', '90s'],
    ['2m', '2m'],
    ['500ms', '500ms'],
    ['1h', '60m'],
    ['soon', undefined],
    [undefined, undefined],
  ])('as the duration %s is %s', (given, duration) => expect(composeDuration(given)).toBe(duration));

  test.each([
    ['512m', '512MiB'],
    ['1.5GB', '1.5GiB'],
    ['64kb', '64KiB'],
    [1024, '1024B'],
    ['much', undefined],
  ])('as the size %s is %s', (given, size) => expect(composeSize(given)).toBe(size));

  test.each([
    ['Shop_API', 'shop-api'],
    ['42.shop', 'shop'],
    ['x', 'app-x'],
    ['42', 'app'],
    ['a'.repeat(60), 'a'.repeat(40)],
  ])('as the name %s becomes %s', (given, name) => expect(properName(given)).toBe(name));
});

test('a Dockerfile is read to the stage that is asked for, with what it builds on', () => {
  const text = `# EXPOSE 1
FROM --platform=linux/amd64 node:20 AS base
EXPOSE 3000
USER node
FROM base AS run
HEALTHCHECK --interval=5s \\
  CMD curl http://127.0.0.1:3000/up
FROM base AS test
USER root
HEALTHCHECK NONE
`;
  expect(dockerfileFacts(text, 'run')).toEqual({
    ports: [3000],
    base: 'node:20',
    nonRoot: true,
    hasEntrypoint: false,
    hasHealthcheck: true,
    volumes: [],
    health: { path: '/up', port: 3000 },
  });
  expect(dockerfileFacts(text)).toMatchObject({ ports: [3000], nonRoot: false, hasHealthcheck: false });
});
