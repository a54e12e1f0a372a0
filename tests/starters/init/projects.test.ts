import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parse } from 'yaml';
import { registerInit } from '../../../starters/init';
import { registerValidate } from '../../../starters/validate';
import { command } from '../../support/in-process';

const FIXTURES = resolve('tests/fixtures/compose');
const home = process.cwd();
let directory: string;
beforeEach(() => (directory = mkdtempSync(join(tmpdir(), 'spillway-projects-'))));
afterEach(() => {
  process.chdir(home);
  rmSync(directory, { recursive: true, force: true });
});

type Service = Record<string, unknown>;

/** Runs `init` in a copy of a project in the style of a popular one. */
async function proposed(name: string) {
  cpSync(join(FIXTURES, name), join(directory, name), { recursive: true });
  process.chdir(join(directory, name));
  const said = await command(registerInit, 'init');
  const text = said.exitCode === 0 ? readFileSync('spillway.yaml', 'utf8') : '';
  const { services = {}, database } = (parse(text) ?? {}) as { services?: Record<string, Service>; database?: object };
  return { said, text, services, database, valid: await command(registerValidate, 'validate') };
}

const RELEASED: Record<string, string[]> = {
  'django-celery': ['web', 'worker', 'beat', 'migrate', 'flower'],
  ghost: ['ghost'],
  'gpu-inference': ['gateway'],
  kafka: ['producer', 'consumer'],
  keycloak: ['keycloak'],
  mastodon: ['web', 'streaming', 'sidekiq'],
  'microservice-shop': ['gateway', 'frontend', 'catalog', 'cart', 'orders', 'users', 'payments', 'mailer', 'seed'],
  monitoring: ['app'],
  monorepo: ['web', 'docs'],
  n8n: ['n8n', 'n8n-worker'],
  nextcloud: ['app', 'cron'],
  'nextjs-traefik': ['web', 'api', 'admin'],
  'rails-sidekiq': ['app', 'sidekiq', 'db-setup'],
  'supabase-like': ['studio', 'auth', 'rest', 'realtime', 'storage', 'imgproxy', 'meta', 'functions', 'analytics'],
  wordpress: ['wordpress'],
};

test('each project is tried', () => expect(readdirSync(FIXTURES).sort()).toEqual(Object.keys(RELEASED).sort()));

test.each(Object.entries(RELEASED))(
  'what is proposed for %s is valid, holds no secret, and releases what it should [proves 14, 16]',
  async (name, released) => {
    const { said, text, services, valid } = await proposed(name);
    expect(said).toMatchObject({ exitCode: 0 });
    expect(valid).toMatchObject({ exitCode: 0 });
    expect(text + said.stdout + said.stderr).not.toContain('hunter2');
    expect(Object.keys(services)).toEqual(released);
    // On a screen of 100 columns by 50 lines, twice.
    const lines = said.stderr.split('\n').reduce((sum, line) => sum + Math.max(1, Math.ceil(line.length / 100)), 0);
    expect(lines).toBeLessThanOrEqual(100);
  },
);

test('labels of Traefik become routes, and what a route cannot say opens nothing [proves 14]', async () => {
  const { said, services } = await proposed('nextjs-traefik');
  expect(services.web).toMatchObject({
    port: 3000,
    routes: [
      { port: 443, host: 'example.com' },
      { port: 443, host: 'www.example.com' },
    ],
    env: { API_URL: 'http://api-{slot}:4000' },
  });
  expect(services.api).toMatchObject({ port: 4000, routes: [{ port: 443, host: 'example.com', path: '/api' }] });
  expect(services.admin).toMatchObject({ port: 8080 });
  expect(services.admin).not.toHaveProperty('routes');
  expect(said.stderr).toContain('? services.api.routes: Traefik changed the path by `api-strip`');
  expect(said.stderr).toContain('pass `auth` first, which this router cannot');
  expect(said.stderr).toContain('? services: traefik is left out (its image is traefik:v3.1): Spillway’s own router');
});

test('variables of nginx-proxy become routes, and leave the environment of the service [proves 14]', async () => {
  const { services } = await proposed('nextcloud');
  expect(services.app!.routes).toEqual([
    { port: 80, host: 'cloud.example.com' },
    { port: 443, host: 'cloud.example.com' },
  ]);
  expect(Object.keys(services.app!.env as object)).toEqual(['MYSQL_HOST', 'REDIS_HOST', 'MYSQL_PASSWORD']);
  expect(services.cron).toMatchObject({ traffic: 'none', command: ['/cron.sh'] });
});

test('what a build cannot have here is asked, and a database that is built stays outside [proves 14, 16]', async () => {
  const { said, database } = await proposed('monorepo');
  for (const text of ['gets no secrets', 'gets no SSH keys', '`additional_contexts`', '`dockerfile_inline`'])
    expect(said.stderr).toMatch(new RegExp(`\\? services\\.\\w+\\.build: .*${text}`));
  expect(said.stderr).toContain('database (database: it is built from postgres:16)');
  expect(database).toMatchObject({ driver: 'postgres' });
});

test('jobs run once a release, and migrations are told about [proves 15]', async () => {
  const django = await proposed('django-celery');
  expect(django.services.migrate).toMatchObject({ traffic: 'none', run: 'once' });
  expect(django.services.worker).toMatchObject({ traffic: 'none', run: 'live-only' });
  expect(django.said.stderr).toContain('? database: the service migrate migrates it by Django');
  const rails = await proposed('rails-sidekiq');
  expect(rails.services['db-setup']).toMatchObject({ run: 'once', command: ['bin/rails', 'db:prepare'] });
  expect(rails.said.stderr).toContain('down: [bin/rails, db:migrate, \'VERSION={to}\'], base: "0" }`');
});

test('what needs a GPU stays under Compose, and is reached there [proves 14]', async () => {
  const { said, services } = await proposed('gpu-inference');
  expect(services.gateway!.networks).toEqual(['gpu-inference_default']);
  expect(said.stderr).toContain(
    '? services: inference stays outside and keeps running under Compose, because it needs a GPU',
  );
});

test('what nobody runs is left out, and what is kept is reached by its name [proves 14, questions]', async () => {
  const { said, services } = await proposed('microservice-shop');
  expect(said.stderr).toContain('legacy is left out, because the Compose file runs no copy of it (`replicas: 0`)');
  expect(services.gateway).toMatchObject({
    env: { CATALOG: 'http://catalog-{slot}:3000', USERS_HOST: 'users-{slot}', JAEGER: 'http://jaeger:4318' },
    networks: ['microservice-shop_backend'],
  });
  expect(services.frontend).not.toHaveProperty('networks');
});

test('important questions come first, and one that several services share is asked once [proves questions]', async () => {
  const { said } = await proposed('microservice-shop');
  const lines = said.stderr.trim().split('\n');
  const title = (text: string): number => lines.findIndex((line) => line.startsWith(text));
  expect(title('To decide before the first release (')).toBe(0);
  expect(title('Good to know (')).toBeGreaterThan(0);
  expect(lines.filter((line) => line.startsWith('? ')).length).toBeLessThanOrEqual(8);
  expect(lines.filter((line) => line.includes('the worker needs the values'))).toEqual([
    '? gateway, catalog, cart, orders, users, payments, mailer, seed: env: the worker needs the values of MONGO_URL, STRIPE_KEY in its own environment; they were not copied',
  ]);
  expect(said.stderr).toContain('? services.payments.port: 3000, 9090: which one speaks HTTP? 3000 was taken, because');
});

test('a health check of curl without `http://` is read, and versions that differ stay as they are [proves 14]', async () => {
  const mastodon = await proposed('mastodon');
  expect(mastodon.services.web).toMatchObject({
    image: 'ghcr.io/mastodon/mastodon:v{version}',
    port: 3000,
    routes: [{ port: 3000 }],
    health: { endpoints: [{ path: '/health' }] },
  });
  const supabase = await proposed('supabase-like');
  expect(supabase.services.auth).toMatchObject({ image: 'supabase/gotrue:v2.158.1', port: 9999 });
});
