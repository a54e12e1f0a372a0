import { spawn, execFile, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chown, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Client } from 'pg';
import { until } from './until';
import { freePort } from './free-port';

const run = promisify(execFile);

/** A private PostgreSQL cluster in a temporary folder, with password authentication on a port of its own. */
export interface TestPostgres {
  /** Connection string of the database `postgres`, as a superuser. */
  url: string;
  port: number;
  password: string;
  /** Makes an empty database and answers its connection string. */
  createDatabase(): Promise<string>;
  /** Starts the stopped server again, on the same port and data. */
  start(): Promise<void>;
  /** Stops the server, as a crash (`SIGQUIT`) or in order, and keeps its data. */
  halt(signal?: 'SIGINT' | 'SIGQUIT'): Promise<void>;
  /** Stops the server and removes everything. */
  stop(): Promise<void>;
}

/** PostgreSQL refuses to run as root, so root becomes `postgres`; the server ends when the test's process ends. */
async function asUser(): Promise<{ prefix: string[]; ids?: [number, number] }> {
  if (process.getuid?.() !== 0) return { prefix: ['setpriv', '--pdeathsig', 'INT'] };
  const id = async (flag: string) => Number((await run('id', [flag, 'postgres'])).stdout);
  const ids: [number, number] = [await id('-u'), await id('-g')];
  const flags = [`--reuid=${ids[0]}`, `--regid=${ids[1]}`, '--clear-groups', '--pdeathsig', 'INT'];
  return { prefix: ['setpriv', ...flags], ids };
}

/** Folder with the newest installed PostgreSQL server programs: Debian keeps them off the path. */
async function serverPrograms(): Promise<string> {
  const versions = await readdir('/usr/lib/postgresql').catch(() => []);
  const newest = versions.sort((a, b) => Number(b) - Number(a))[0];
  return newest ? `/usr/lib/postgresql/${newest}/bin/` : '';
}

async function untilAnswers(url: string, server: ChildProcess, log: () => string): Promise<void> {
  const look = async () => {
    if (server.exitCode !== null) return server.exitCode;
    await query(url, 'SELECT 1');
    return 'answers';
  };
  const seen = await until(look, { what: 'PostgreSQL to answer', is: () => true, every: 100 });
  if (seen !== 'answers') throw new Error(`expected PostgreSQL to start, seen exit ${seen}: ${log()}`);
}

/** Starts a private PostgreSQL; `stop()` must be called, also when the test fails. */
export async function startPostgres(): Promise<TestPostgres> {
  const { prefix, ids } = await asUser();
  const programs = await serverPrograms();
  const directory = await mkdtemp(join(tmpdir(), 'spillway-pg-'));
  const password = `s3cret-${randomBytes(6).toString('hex')}`;
  if (ids) await chown(directory, ...ids);
  await writeFile(join(directory, 'password'), password);
  const data = join(directory, 'data');
  const initdb = ['--auth=scram-sha-256', '--username=postgres', `--pwfile=${directory}/password`, '--no-sync'];
  await run(prefix[0]!, [...prefix.slice(1), `${programs}initdb`, '-D', data, ...initdb, '-E', 'UTF8', '--no-locale']);

  const port = await freePort();
  const urlOf = (database: string) => `postgres://postgres:${password}@127.0.0.1:${port}/${database}`;
  let server: ChildProcess | undefined;
  let log = '';

  const start = async () => {
    const settings = ['fsync=off', 'listen_addresses=127.0.0.1', `unix_socket_directories=${directory}`];
    const flags = ['-D', data, '-p', `${port}`, ...settings.flatMap((setting) => ['-c', setting])];
    const started = spawn(prefix[0]!, [...prefix.slice(1), `${programs}postgres`, ...flags], { cwd: directory });
    started.stderr.on('data', (chunk: Buffer) => (log = (log + chunk.toString()).slice(-4_000)));
    server = started;
    await untilAnswers(urlOf('postgres'), started, () => log);
  };
  const halt = async (signal: 'SIGINT' | 'SIGQUIT' = 'SIGINT') => {
    const running = server;
    server = undefined;
    if (!running || running.exitCode !== null) return;
    const ended = new Promise((resolve) => running.once('exit', resolve));
    running.kill(signal);
    await ended;
  };
  const stop = async () => {
    await halt('SIGQUIT');
    await rm(directory, { recursive: true, force: true });
  };

  try {
    await start();
  } catch (error) {
    await stop();
    throw error;
  }
  const url = urlOf('postgres');
  return { url, port, password, createDatabase: () => createDatabase(url), start, halt, stop };
}

/** Makes an empty database on this server and answers its connection string. */
export async function createDatabase(server: string): Promise<string> {
  const name = `test_${randomBytes(6).toString('hex')}`;
  await query(server, `CREATE DATABASE ${name}`);
  return Object.assign(new URL(server), { pathname: `/${name}` }).href;
}

/** Runs one statement on a connection of its own and answers its rows. */
export async function query<Row extends object = Record<string, unknown>>(
  url: string,
  sql: string,
  values: unknown[] = [],
): Promise<Row[]> {
  const client = new Client({ connectionString: url, connectionTimeoutMillis: 60_000, query_timeout: 120_000 });
  client.on('error', () => undefined);
  await client.connect();
  try {
    return (await client.query<Row>(sql, values)).rows;
  } finally {
    await client.end();
  }
}
