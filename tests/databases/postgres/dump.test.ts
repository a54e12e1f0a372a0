import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { chmod, mkdir, readdir, readFile, stat, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Client } from 'pg';
import { openDatabase } from '../../../databases/open';
import { query, startPostgres, type TestPostgres } from '../../support/postgres';
import { databaseConfig, io, project, SHOP, type Project } from '../database-context';
import { until } from '../../support/until';

/** What a dump leaves in its folder. */
const WHOLE = ['shop.dump', 'shop.dump.catalogue.json'];
const ROOT = join(__dirname, '../../..');

let postgres: TestPostgres;
let url: string;
let shop: Project;
let dump: string;

beforeAll(async () => void (postgres = await startPostgres()));
afterAll(() => postgres?.stop());
beforeEach(async () => {
  url = await postgres.createDatabase();
  shop = await project(url, { lockTimeout: '500ms' });
  dump = join(shop.directory, 'backups', 'shop.dump');
});
afterEach(() => shop.remove());

const openWith = (environment: NodeJS.ProcessEnv, to = url) =>
  openDatabase(databaseConfig(), {
    url: to,
    scope: SHOP,
    releases: () => Promise.resolve(new Set<string>()),
    projectDirectory: shop.directory,
    environment,
    variables: {},
    redact: String,
  });

/** A folder of programs that are found first. */
async function programs(scripts: Record<string, string>): Promise<NodeJS.ProcessEnv> {
  const bin = join(shop.directory, 'bin');
  await mkdir(bin, { recursive: true });
  for (const [name, script] of Object.entries(scripts)) {
    await writeFile(join(bin, name), `#!/bin/sh\n${script}\n`);
    await chmod(join(bin, name), 0o755);
  }
  return { ...process.env, PATH: `${bin}:${process.env.PATH}` };
}

describe('a dump', () => {
  beforeEach(() =>
    query(url, `CREATE TABLE orders AS SELECT id, 'order ' || id AS name FROM generate_series(1, 1000) id`),
  );

  test('is made by rename, read back, and holds everything [proves B5]', async () => {
    const made = await shop.database.dump!(dump, io());
    expect(made).toMatchObject({
      files: [dump, `${dump}.catalogue.json`],
      holds: expect.stringMatching(/^[1-9]\d* objects$/),
    });
    expect(made.size).toBeGreaterThan(1_000);
    expect(await readdir(join(shop.directory, 'backups'))).toEqual(WHOLE);
  });

  test('never shows the password in the list of processes', async () => {
    const spy = 'echo "$@" >> "$(dirname "$0")/seen"; exec "/usr/bin/$(basename "$0")" "$@"';
    const environment = await programs({ pg_dump: spy, pg_restore: spy, psql: spy });
    const database = openWith(environment);
    await database.dump!(dump, io());
    await database.restore!.from(dump, io());
    const seen = await readFile(join(shop.directory, 'bin', 'seen'), 'utf8');
    expect(seen).toMatch(/--snapshot=/);
    expect(seen).not.toContain(postgres.password);
  });

  test('that is not whole is refused, and an older good one stays', async () => {
    const good = await shop.database.dump!(dump, io());
    const broken =
      'case "$*" in *--file=*) ;; *) exec /usr/bin/pg_dump "$@";; esac\n/usr/bin/pg_dump "$@" && for a; do case "$a" in --file=*) truncate -s -2000 "${a#--file=}";; esac; done';
    const database = openWith(await programs({ pg_dump: broken }));
    await expect(database.dump!(dump, io())).rejects.toMatchObject({ name: 'BackupFailure' });
    expect(await readdir(join(shop.directory, 'backups'))).toEqual(WHOLE);
    expect((await readFile(dump)).length).toBe(good.size);
  });

  test('on a full disk fails with that, and leaves nothing', async () => {
    const full = 'echo "pg_dump: error: could not write to output file: No space left on device" >&2; exit 1';
    const database = openWith(await programs({ pg_dump: full }));
    await expect(database.dump!(dump, io())).rejects.toMatchObject({
      name: 'BackupFailure',
      message: expect.stringMatching(/needs more room on disk/),
    });
    expect(await readdir(join(shop.directory, 'backups'))).toEqual([]);
  });

  test('that is aborted ends its program and leaves nothing', async () => {
    const controller = new AbortController();
    const begun = join(shop.directory, 'begun');
    const database = openWith(await programs({ pg_dump: `touch '${begun}'; sleep 600` }));
    const outcome = expect(database.dump!(dump, io(controller))).rejects.toThrow('stop now');
    await until(() => Promise.resolve(existsSync(begun)));
    controller.abort(new Error('stop now'));
    await outcome;
    expect(await readdir(join(shop.directory, 'backups'))).toEqual([]);
  });

  test.each([
    ['one table', 0],
    ['so many that their names fill what is kept of its words', 400],
  ])(
    'that waits in vain for a lock on %s may be tried again, and says who holds it [proves blockers]',
    async (_what, more) => {
      const name = `'t' || n || repeat('_', 50)`;
      await query(
        url,
        `DO $$ BEGIN FOR n IN 1..${more} LOOP EXECUTE 'CREATE TABLE ' || ${name} || ' ()'; END LOOP; END $$`,
      );
      const blocker = new Client({ connectionString: url, application_name: 'web-worker' });
      await blocker.connect();
      try {
        await blocker.query('BEGIN; LOCK TABLE orders');
        const patient = await project(url, { lockTimeout: '1500ms' });
        const outcome = await patient.database.dump!(dump, io()).catch((error: Error) => error);
        await patient.remove();
        expect(outcome).toMatchObject({
          name: 'UnreachableFailure',
          message: expect.stringMatching(
            /had to wait too long .* It waited for Access Share lock on (public\.)?orders, which session \d+ \(application web-worker.* It said: .*statement timeout/s,
          ),
        });
      } finally {
        await blocker.end();
      }
      await shop.database.dump!(dump, io());
    },
  );

  test('after SIGKILL in the middle is made by the next worker, and nothing of the first one stays', async () => {
    const blocker = new Client({ connectionString: url });
    await blocker.connect();
    try {
      await blocker.query('BEGIN; LOCK TABLE orders');
      const worker = startDump();
      await until(async () => (await readdir(join(shop.directory, 'backups')).catch(() => [])).length === 1);
      await until(async () => (await tools()) === 1);
      worker.kill('SIGKILL');
      await once(worker, 'exit');
    } finally {
      await blocker.end();
    }
    await shop.database.dump!(dump, io());
    await until(async () => (await tools()) === 0);
    expect(await readdir(join(shop.directory, 'backups'))).toEqual(WHOLE);
  });
});

describe('restoring', () => {
  beforeEach(async () => {
    await query(url, `CREATE TYPE state AS ENUM ('open', 'paid')`);
    await query(url, `CREATE TABLE orders (id int PRIMARY KEY, state state)`);
    await query(url, `INSERT INTO orders VALUES (1, 'open')`);
    await shop.database.dump!(dump, io());
  });

  test('takes away what came after, also when it refers to what was there before', async () => {
    await query(url, 'CREATE SCHEMA later');
    await query(url, 'CREATE TABLE later.lines (id int REFERENCES orders)');
    await query(url, 'CREATE VIEW open AS SELECT * FROM orders');
    await query(url, 'CREATE FUNCTION one() RETURNS int LANGUAGE sql RETURN 1');
    await query(url, `ALTER TYPE state ADD VALUE 'lost'`);
    await query(url, 'ALTER TABLE orders ADD total int');
    await shop.database.restore!.from(dump, io());
    expect(await query(url, 'SELECT * FROM orders')).toEqual([{ id: 1, state: 'open' }]);
    expect(await query(url, `SELECT 1 FROM pg_namespace WHERE nspname = 'later'`)).toEqual([]);
    expect(await query(url, `SELECT 1 FROM pg_proc WHERE proname = 'one'`)).toEqual([]);
    expect(await query(url, `SELECT enumlabel AS label FROM pg_enum ORDER BY 1`)).toEqual([
      { label: 'open' },
      { label: 'paid' },
    ]);
    await shop.database.restore!.from(dump, io());
    expect(await query(url, 'SELECT * FROM orders')).toEqual([{ id: 1, state: 'open' }]);
  });

  test('ends a session that forgot its transaction, since it would wait for it for ever', async () => {
    const forgotten = new Client({ connectionString: url });
    forgotten.on('error', () => undefined);
    await forgotten.connect();
    await forgotten.query('BEGIN; SELECT * FROM orders');
    await query(url, 'DELETE FROM orders WHERE false');
    await shop.database.restore!.from(dump, io());
    expect(await query(url, 'SELECT * FROM orders')).toEqual([{ id: 1, state: 'open' }]);
    await forgotten.end().catch(() => undefined);
  });

  test('of a broken dump changes nothing', async () => {
    await query(url, 'ALTER TABLE orders ADD total int');
    await truncate(dump, (await stat(dump)).size - 60);
    await expect(shop.database.restore!.from(dump, io())).rejects.toMatchObject({ name: 'BackupFailure' });
    expect(await query(url, 'SELECT * FROM orders')).toEqual([{ id: 1, state: 'open', total: null }]);
  });
});

describe('probing', () => {
  test('tells version, size and tools', async () => {
    const probe = await shop.database.probe(io());
    expect(probe.version).toMatch(/^\d+/);
    expect(probe.tools).toMatch(/^\d+/);
    expect(probe.size).toBeGreaterThan(1_000_000);
  });

  test('refuses tools that are older than the server', async () => {
    const database = openWith(await programs({ pg_dump: 'echo "pg_dump (PostgreSQL) 9.6.1"' }));
    await expect(database.probe(io())).rejects.toThrow(
      /expected pg_dump \d+ or newer .* seen 9\.6\.1: install postgresql-client-\d+/,
    );
  });

  test('misses tools that are not installed', async () => {
    const database = openWith({ PATH: '/nowhere' });
    await expect(database.probe(io())).rejects.toMatchObject({
      name: 'ConfigurationFailure',
      message: expect.stringMatching(/the program "pg_dump"/),
    });
  });

  test.each([
    ['a wrong password', () => url.replace(postgres.password, 'wrong-secret'), 'ConfigurationFailure', /28P01/],
    ['no such database', () => `${url}x`, 'ConfigurationFailure', /3D000/],
    ['nobody there', () => url.replace(/:\d+\//, ':1/'), 'UnreachableFailure', /ECONNREFUSED/],
    [
      'no connection string',
      () => 'mysql://x:wrong-secret@y/z',
      'ConfigurationFailure',
      /The secret database\.url \(env DATABASE_URL\) cannot be used/,
    ],
  ])('%s is told without the password', async (_what, to, name, message) => {
    const failure = await Promise.resolve()
      .then(() => openWith(process.env, to()).probe(io()))
      .catch((error: Error) => error);
    expect(failure).toMatchObject({ name, message: expect.stringMatching(message) });
    expect((failure as Error).message).not.toMatch(/wrong-secret|s3cret/);
  });

  test('a database that is gone for a while is unreachable, and then answers again', async () => {
    await postgres.halt('SIGQUIT');
    const failures = await Promise.allSettled([shop.database.probe(io()), shop.database.dump!(dump, io())]);
    await postgres.start();
    const unreachable = { status: 'rejected', reason: { name: 'UnreachableFailure' } };
    expect(failures).toMatchObject([unreachable, unreachable]);
    expect(await shop.database.probe(io())).toMatchObject({ version: expect.any(String) });
  });

  test('a database that crashes during a migration is unreachable, and the migration is applied afterwards', async () => {
    await shop.write({
      '001_slow.up.sql': 'CREATE TABLE slow AS SELECT pg_sleep(600)::text;',
      '001_slow.down.sql': 'DROP TABLE slow;',
    });
    const listening = io();
    const outcome = expect(shop.database.migrations!.up(['001_slow'], 'r', listening)).rejects.toMatchObject({
      name: 'UnreachableFailure',
    });
    await until(() => Promise.resolve(listening.said.some((detail) => detail.includes('pg_sleep'))));
    await postgres.halt('SIGQUIT');
    await postgres.start();
    await outcome;
    await shop.write({ '001_slow.up.sql': 'CREATE TABLE slow AS SELECT 1;' });
    expect(await shop.database.migrations!.up(['001_slow'], 'r', io())).toEqual(['001_slow']);
  });
});

describe('verification', () => {
  const verify = async (verify: string[], more: Record<string, unknown> = {}) => {
    const opened = await project(url, { verify, ...more });
    return opened.database.verify(io()).finally(() => opened.remove());
  };

  test('passes when the command does, which knows the database [proves M1]', async () => {
    await verify(['sh', '-c', 'psql "$DATABASE_URL" -c "SELECT 1"']);
  });

  test('fails with what the command said, without secrets [proves M1]', async () => {
    const failure = await verify(['sh', '-c', 'echo "orders has no total: $DATABASE_URL" >&2; exit 3']).catch(
      (error: Error) => error,
    );
    expect(failure).toMatchObject({
      name: 'MigrationFailure',
      message: expect.stringMatching(/seen 3\. It said: orders has no total/),
    });
    expect((failure as Error).message).not.toContain(postgres.password);
  });

  test('fails when it takes too long', async () => {
    await expect(verify(['sleep', '600'], { verifyTimeout: '500ms' })).rejects.toMatchObject({
      name: 'MigrationFailure',
      message: expect.stringMatching(/to end within 500 ms/),
    });
  });
});

/** A worker's process that makes the dump. */
function startDump(): ChildProcess {
  const program = `
    const { openDatabase } = require(${JSON.stringify(join(ROOT, 'databases/open.ts'))});
    const { config, directory, dump } = JSON.parse(process.env.INPUT);
    const context = { url: process.env.URL, scope: ${JSON.stringify(SHOP)}, projectDirectory: directory, environment: process.env, variables: {}, redact: String };
    openDatabase(config, context).dump(dump, { signal: new AbortController().signal, onProgress: () => undefined });`;
  const input = JSON.stringify({ config: databaseConfig({ lockTimeout: '60s' }), directory: shop.directory, dump });
  const argv = ['--require', join(ROOT, 'tests/support/typescript.js'), '--eval', program];
  return spawn(process.execPath, argv, { env: { ...process.env, URL: url, INPUT: input }, stdio: 'inherit' });
}

async function tools(): Promise<number> {
  const sql = `SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND application_name LIKE 'spillway tool %'`;
  return (await query(url, sql)).length;
}
