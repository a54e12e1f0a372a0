import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Client } from 'pg';
import { withClient } from '../../../databases/postgres/connection';
import { parsePostgresUrl } from '../../../databases/postgres/server';
import { ConfigurationFailure } from '../../../domain/failures';
import { Databases, io } from '../database-context';
import { freePort } from '../../support/free-port';
import { query } from '../../support/postgres';
import { until } from '../../support/until';

const databases = new Databases();
const running: ChildProcess[] = [];
const folders: string[] = [];
afterEach(async () => {
  for (const each of running.splice(0)) each.kill('SIGKILL');
  for (const each of folders.splice(0)) await rm(each, { recursive: true, force: true });
});

/** Starts pgbouncer before the database of this test, and answers the connection string through it. */
async function pgbouncer(mode: 'session' | 'transaction' | 'statement', poolSize: number): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'spillway-pgbouncer-'));
  folders.push(directory);
  await chmod(directory, 0o755);
  const { hostname, port, username, password, pathname } = new URL(databases.url);
  const own = await freePort();
  const users = join(directory, 'users');
  await writeFile(users, `"${username}" "${decodeURIComponent(password)}"\n`, { mode: 0o644 });
  const settings = `[databases]\n* = host=${hostname} port=${port}\n[pgbouncer]\nlisten_addr=127.0.0.1\nlisten_port=${own}
unix_socket_dir=\nauth_type=scram-sha-256\nauth_file=${users}\npool_mode=${mode}\ndefault_pool_size=${poolSize}
max_client_conn=50\nserver_reset_query=DISCARD ALL\nignore_startup_parameters=extra_float_digits\n`;
  await writeFile(join(directory, 'pgbouncer.ini'), settings, { mode: 0o644 });
  const { stdout: id } = await promisify(execFile)('id', ['-u', 'nobody']);
  const started = spawn('/usr/sbin/pgbouncer', ['-q', join(directory, 'pgbouncer.ini')], {
    uid: Number(id),
    stdio: 'ignore',
  });
  running.push(started);
  const url = `postgres://${username}:${password}@127.0.0.1:${own}${pathname}`;
  await until(() => query(url, 'SELECT 1'));
  return url;
}

const connecting = (url: string) =>
  withClient(parsePostgresUrl(url), io(), async (client) => (await client.query('SELECT 1 AS one')).rows).catch(
    (error: unknown) => error,
  );

it.each([
  ['transaction', 20],
  ['transaction', 1],
  ['statement', 20],
] as const)(
  'a pooler by %s with %i connections is refused, and none of its sessions is changed [proves pgbouncer]',
  async (mode, size) => {
    const url = await pgbouncer(mode, size);
    // The app's own connections are warm.
    await Promise.all([1, 2, 3].map(() => query(url, 'SELECT pg_sleep(0.1)')));
    const told = await connecting(url);
    expect(told).toBeInstanceOf(ConfigurationFailure);
    expect((told as Error).message).toMatch(
      /seen a pooler .*Give the direct address of the server in the secret database\.url/,
    );
    const paths = await Promise.all([1, 2, 3].map(() => query(url, 'SHOW search_path')));
    expect(new Set(paths.flat().map((row) => JSON.stringify(row)))).toEqual(
      new Set(['{"search_path":"\\"$user\\", public"}']),
    );
  },
);

it('a pooler by transaction is refused although other sessions are busy with it [proves pgbouncer]', async () => {
  const url = await pgbouncer('transaction', 5);
  const busy = new Client({ connectionString: url });
  await busy.connect();
  await busy.query('BEGIN');
  expect(await connecting(url)).toBeInstanceOf(ConfigurationFailure);
  await busy.query('ROLLBACK');
  await busy.end();
});

it('a pooler by session serves as the server itself does [proves pgbouncer]', async () => {
  expect(await connecting(await pgbouncer('session', 20))).toEqual([{ one: 1 }]);
});
