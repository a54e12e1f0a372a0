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
