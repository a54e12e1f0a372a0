import { execFileSync } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { Client } from 'pg';
import { until } from '../support/until';
import { freePort } from '../support/free-port';

const SCRIPTS = resolve(__dirname, '../../scripts');
let cache: string;
let port: number;

beforeAll(async () => {
  cache = mkdtempSync(join(tmpdir(), 'spillway-postgres-'));
  // PostgreSQL runs as a user of its own when a test runs as root.
  chmodSync(cache, 0o755);
  port = await freePort();
});

afterAll(() => {
  run('stop');
  rmSync(cache, { recursive: true });
});

function run(...args: string[]): string {
  const env = { ...process.env, SPILLWAY_CACHE: cache, SPILLWAY_POSTGRES_PORT: `${port}` };
  return execFileSync(join(SCRIPTS, 'postgres.sh'), args, { env, encoding: 'utf8' }).trim();
}

async function query(url: string, sql: string): Promise<unknown[]> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(sql)).rows.map((row) => Object.values(row)[0]);
  } finally {
    await client.end();
  }
}

test('it gives one URL for a database of its own, made when it is missing, that containers reach as well', async () => {
  const url = run('url', 'shop');
  expect(run('url', 'shop')).toBe(url);
  expect(await query(url, 'select current_database()')).toEqual(['shop']);
  const { hostname } = new URL(url);
  const reach = `nc -w 5 ${hostname} ${port} </dev/null && echo reached`;
  const answer = execFileSync('docker', ['run', '--rm', 'spillway/busybox:local', 'sh', '-c', reach]);
  expect(answer.toString()).toBe('reached\n');
}, 300_000);

test('what was committed survives that the server is killed, and the next call starts it again', async () => {
  const url = run('url', 'kept');
  await query(url, 'create table orders as select 1 as id');
  const pidFile = join(cache, `postgres-${port}`, 'data', 'postmaster.pid');
  process.kill(Number(readFileSync(pidFile, 'utf8').split('\n')[0]), 'SIGKILL');
  const isGone = () =>
    query(url, 'select 1').then(
      () => false,
      () => true,
    );
  await until(isGone, { what: 'the server to be gone' });
  expect(run('url', 'kept')).toBe(url);
  expect(await query(url, 'select id from orders')).toEqual([1]);
}, 300_000);

test('without the password nobody gets in, also from this machine', async () => {
  const url = new URL(run('url'));
  url.password = 'guessed';
  await expect(query(url.href, 'select 1')).rejects.toThrow('password authentication failed');
}, 300_000);

test('its closing line names where it is, and does not show the password', () => {
  const { password } = new URL(run('url'));
  const said = run();
  expect(said).toMatch(/^PostgreSQL \d+\.\d+: postgres:\/\/spillway@.+, password in \/.+$/);
  expect(said).not.toContain(password);
}, 300_000);
