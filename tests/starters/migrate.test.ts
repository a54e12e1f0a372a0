import { existsSync } from 'node:fs';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { stringify } from 'yaml';
import { registerHistory } from '../../starters/history';
import { registerMigrate } from '../../starters/migrate';
import { command, type Said } from '../support/in-process';
import { query } from '../support/postgres';
import { tinyConfig } from '../support/tiny';
import { World } from '../support/world';
import { until } from '../support/until';

jest.setTimeout(300_000);

let world: World;
const before = { ...process.env };

beforeAll(async () => {
  world = await World.open({ database: true });
  Object.assign(process.env, { TEMPORAL_ADDRESS: world.temporal.address, SPILLWAY_TASK_QUEUE: world.taskQueue });
  await mkdir(join(world.project, 'migrations'), { recursive: true });
});
afterAll(async () => {
  process.env = before;
  await world?.close();
});
beforeEach(async () => {
  await rm(join(world.project, 'migrations'), { recursive: true });
  await mkdir(join(world.project, 'migrations'), { recursive: true });
  await query(
    world.databaseUrl,
    'DROP SCHEMA public CASCADE; CREATE SCHEMA public; DROP SCHEMA IF EXISTS spillway CASCADE',
  );
  await write({
    '001_orders.up.sql': 'CREATE TABLE orders (id int PRIMARY KEY);',
    '001_orders.down.sql': 'DROP TABLE orders;',
    '002_total.up.sql': 'ALTER TABLE orders ADD total numeric;',
    '002_total.down.sql': 'ALTER TABLE orders DROP total;',
    '003_note.up.sql': 'ALTER TABLE orders ADD note text;',
    '003_note.down.sql': 'ALTER TABLE orders DROP note;',
  });
  await configure();
});

async function write(files: Record<string, string>): Promise<void> {
  for (const [name, text] of Object.entries(files)) await writeFile(join(world.project, 'migrations', name), text);
}

async function configure(database: Record<string, unknown> = {}): Promise<void> {
  const raw = tinyConfig(world);
  Object.assign(raw.database, database);
  await writeFile(join(world.project, 'spillway.yaml'), stringify(raw));
}

function migrate(...args: string[]): Promise<Said> {
  return command(registerMigrate, 'migrate', ...args, '-f', join(world.project, 'spillway.yaml'), '--json');
}
const json = ({ stdout }: Said) => JSON.parse(stdout);
const columns = async () => {
  const sql = `SELECT column_name AS name FROM information_schema.columns WHERE table_name = 'orders' ORDER BY 1`;
  return (await query<{ name: string }>(world.databaseUrl, sql)).map(({ name }) => name);
};

describe('migrate, on a real Temporal, worker and database', () => {
  test('migrations are shown, applied and reverted by hand, each time with a backup first [proves M3]', async () => {
    expect(json(await migrate('status'))).toMatchObject({
      applied: [],
      pending: ['001_orders', '002_total', '003_note'],
    });

    const up = await migrate('up', '--who', 'alice', '--note', 'by hand');
    expect(up).toMatchObject({ exitCode: 0 });
    expect(json(up)).toMatchObject({ outcome: 'migrated', who: 'alice', note: 'by hand' });
    const [, backup, folder] = /as (backup_\w+) in the folder ([^\s"]+)/.exec(JSON.stringify(json(up).phases)) ?? [];
    expect(existsSync(`${folder}/${backup}.tar.gz`)).toBe(true);
    expect(await columns()).toEqual(['id', 'note', 'total']);
    expect(json(await migrate('up'))).toMatchObject({ outcome: 'unchanged', why: 'no migration is pending' });

    expect(json(await migrate('down', '--only', '002_total'))).toMatchObject({ outcome: 'migrated' });
    expect(await columns()).toEqual(['id', 'note']);
    expect(json(await migrate('status'))).toMatchObject({
      applied: ['001_orders', '003_note'],
      pending: ['002_total'],
    });
    expect(json(await migrate('down', '--last'))).toMatchObject({ outcome: 'migrated' });
    expect(await columns()).toEqual(['id']);
    await migrate('up');
    expect(json(await migrate('down', '--to', '001_orders'))).toMatchObject({ outcome: 'migrated' });
    expect(await columns()).toEqual(['id']);
    expect(json(await migrate('down', '--to', 'base'))).toMatchObject({ outcome: 'migrated' });
    expect(await columns()).toEqual([]);
  });

  test('one that fails puts back exactly what it applied, and says which statement failed [proves M3]', async () => {
    await migrate('up');
    await migrate('down', '--last');
    await write({ '004_bad.up.sql': 'ALTER TABLE orders ADD id int;', '004_bad.down.sql': 'SELECT 1;' });
    const failed = await migrate('up');
    expect(failed.exitCode).toBe(1);
    expect(json(failed)).toMatchObject({
      outcome: 'rolled back',
      why: expect.stringMatching(/004_bad\.up\.sql:1: .*already exists/),
    });
    expect(json(await migrate('status'))).toMatchObject({
      applied: ['001_orders', '002_total'],
      pending: ['003_note', '004_bad'],
    });
  });

  test('one whose verification fails after reverting is applied again', async () => {
    await migrate('up');
    await configure({ verify: ['sh', '-c', 'psql "$DATABASE_URL" -c "SELECT note FROM orders"'] });
    const failed = await migrate('down', '--last');
    expect(failed.exitCode).toBe(1);
    expect(json(failed)).toMatchObject({
      outcome: 'rolled back',
      why: expect.stringMatching(/column "note" does not exist/),
    });
    expect(await columns()).toEqual(['id', 'note', 'total']);
  });

  test('it stands in the history, and the next release goes on from what was live', async () => {
    const live = await world.released('1.0.0');
    expect(live.status.outcome).toBe('released');
    const files = {
      '004_city.up.sql': 'ALTER TABLE orders ADD city text;',
      '004_city.down.sql': 'ALTER TABLE orders DROP city;',
    };
    await write({ ...files, '005_bad.up.sql': 'ALTER TABLE orders ADD id int;', '005_bad.down.sql': 'SELECT 1;' });
    await migrate('up', '--who', 'alice', '--note', 'too early');
    await rm(join(world.project, 'migrations', '005_bad.up.sql'));
    await rm(join(world.project, 'migrations', '005_bad.down.sql'));
    await migrate('up', '--who', 'alice', '--note', 'by hand');

    const listed = await command(registerHistory, 'history', '-f', join(world.project, 'spillway.yaml'), '--json');
    const told = { who: 'alice', live: { version: '1.0.0', releaseId: live.live?.releaseId } };
    expect(json(listed).entries.slice(0, 3)).toMatchObject([
      { ...told, outcome: 'migrated', note: 'by hand', migrations: ['004_city'], release: { version: 'migrate up' } },
      { ...told, outcome: 'rolled back', note: 'too early', why: expect.stringMatching(/005_bad\.up\.sql:1/) },
      { outcome: 'released', release: { version: '1.0.0' } },
    ]);
    const { status } = await world.released('1.1.0', { config: (raw) => void (raw.canary.steps = []) });
    expect({ outcome: status.outcome, why: status.why }).toMatchObject({ outcome: 'released' });
  });

  test('a mistake in a pending migration is shown, and nothing is begun', async () => {
    await write({ '004_bad.up.sql': 'ALTER TABEL orders;', '004_bad.down.sql': 'SELECT 1;' });
    const status = await migrate('status');
    expect(status.exitCode).toBe(1);
    expect(json(status).mistakes).toEqual([
      expect.stringMatching(/004_bad\.up\.sql:1: syntax error at or near "TABEL"/),
    ]);
    expect(json(await migrate('up'))).toMatchObject({ outcome: 'refused', why: expect.stringMatching(/TABEL/) });
    expect(await columns()).toEqual([]);
  });

  test('a worker that is killed in the middle is replaced, and each migration is applied once', async () => {
    await write({
      '004_slow.up.sql': 'CREATE TABLE slow AS SELECT pg_sleep(3)::text AS t;',
      '004_slow.down.sql': 'DROP TABLE slow;',
    });
    const running = migrate('up');
    await until(async () => (await query(world.databaseUrl, SLEEPING)).length === 1);
    await world.workers.at(-1)!.kill();
    await world.startWorker();
    expect(json(await running)).toMatchObject({ outcome: 'migrated' });
    expect(await query(world.databaseUrl, 'SELECT t FROM slow')).toHaveLength(1);
  });

  test('it is refused while a release or another migration is under way', async () => {
    await write({
      '004_slow.up.sql': 'CREATE TABLE slow AS SELECT pg_sleep(3)::text AS t;',
      '004_slow.down.sql': 'DROP TABLE slow;',
    });
    const running = migrate('up');
    await until(async () => (await query(world.databaseUrl, SLEEPING)).length === 1);
    const refused = await migrate('down');
    expect(refused.exitCode).toBe(1);
    expect(json(refused).error).toMatchObject({
      type: 'RefusedFailure',
      message: expect.stringMatching(/ is migrating .* in production \(migrate up\) since /),
    });
    expect(json(await running)).toMatchObject({ outcome: 'migrated' });
  });

  test('status tells people what is unusual about them [proves strict]', async () => {
    await migrate('up');
    await write({ '000_late.up.sql': 'SELECT 1;', '000_late.down.sql': 'SELECT 1;', 'notes.rtf': '' });
    const { stdout, exitCode } = await command(
      registerMigrate,
      ...['migrate', 'status', '-f', join(world.project, 'spillway.yaml')],
    );
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(/^pending {2}000_late$/m);
    expect(stdout).toMatch(/^note {5}no migrations: notes\.rtf$/m);
    expect(stdout).toMatch(/^warning {2}000_late has a smaller number than 003_note/m);
  });

  test('without migrations in the configuration it is a mistake', async () => {
    await configure({ migrations: undefined });
    expect(await migrate('status')).toMatchObject({ exitCode: 64 });
  });

  test('without a database that answers it says so', async () => {
    await writeFile(join(world.project, 'url'), 'postgres://postgres:wrong@127.0.0.1:1/none');
    await configure({ url: { file: 'url' } });
    const down = command(registerMigrate, 'migrate', 'status', '-f', join(world.project, 'spillway.yaml'), '--json');
    expect((await down).exitCode).toBe(69);
  });
});

describe('migrate baseline', () => {
  const exist = (name: string) => query(world.databaseUrl, `CREATE TABLE ${name} (id int PRIMARY KEY)`);
  const applied = async () => json(await migrate('status')).applied as string[];

  test('records what a database has, which stands in the history, and runs none [proves baseline]', async () => {
    await exist('orders');
    const done = await migrate('baseline', '--to', '002_total', '--who', 'alice', '--note', 'from Flyway');
    expect(done.exitCode).toBe(0);
    expect(json(done)).toMatchObject({ outcome: 'migrated', who: 'alice', note: 'from Flyway' });
    expect(json(await migrate('status'))).toMatchObject({
      applied: ['001_orders', '002_total'],
      pending: ['003_note'],
    });
    expect(await columns()).toEqual(['id']);
    expect(json(await migrate('baseline', '--to', '002_total'))).toMatchObject({
      outcome: 'unchanged',
      why: 'all of them are recorded as applied',
    });
    const listed = await command(registerHistory, 'history', '-f', join(world.project, 'spillway.yaml'), '--json');
    expect(json(listed).entries[1]).toMatchObject({
      release: { version: 'migrate baseline to 002_total' },
      migrations: ['001_orders', '002_total'],
    });
  });

  test('is refused, with what to do, in an empty database and for a name that no file has [proves baseline]', async () => {
    const empty = await migrate('baseline');
    expect(empty.exitCode).toBe(1);
    expect(json(empty)).toMatchObject({ outcome: 'refused', why: expect.stringMatching(/seen no table in it/) });
    await exist('orders');
    const unknown = await migrate('baseline', '--to', '009_none');
    expect(unknown.exitCode).toBe(1);
    expect(json(unknown)).toMatchObject({
      outcome: 'refused',
      why: 'expected 009_none to be a migration, but there are 001_orders, 002_total, 003_note',
    });
    expect(await applied()).toEqual([]);
  });

  test('is refused while a file has the name of another tool, and tells folders that it leaves alone [proves baseline]', async () => {
    await exist('orders');
    await write({ 'V4__more.sql': 'SELECT 1;' });
    const refused = await migrate('baseline');
    expect(refused.exitCode).toBe(1);
    expect(json(refused).why).toMatch(/V4__more\.sql: expected NAME\.up\.sql/);
    expect(await applied()).toEqual([]);
    await rm(join(world.project, 'migrations', 'V4__more.sql'));
    await mkdir(join(world.project, 'migrations', '20240101_init'));
    const { stdout, exitCode } = await command(
      registerMigrate,
      ...['migrate', 'baseline', '-f', join(world.project, 'spillway.yaml')],
    );
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(/preflight .*no migrations: 20240101_init\//);
  });

  test('asks at a terminal whether it is meant, unless --yes says so [proves baseline]', async () => {
    await exist('orders');
    const baseline = ['migrate', 'baseline', '-f', join(world.project, 'spillway.yaml')];
    expect(await atTerminal('n', () => command(registerMigrate, ...baseline))).toMatchObject({
      exitCode: 1,
      stderr: expect.stringContaining('nothing was changed'),
    });
    expect(await applied()).toEqual([]);
    expect(await atTerminal('n', () => command(registerMigrate, ...baseline, '--yes'))).toMatchObject({ exitCode: 0 });
    expect(await applied()).toHaveLength(3);
  });

  test('says in its help what it does and how it exits [proves baseline]', async () => {
    const { stdout } = await command(registerMigrate, 'migrate', 'baseline', '--help');
    expect(stdout).toMatch(/records migrations as applied, runs none/);
    expect(stdout).toMatch(/--to <name> .*--yes /s);
    expect(stdout).toMatch(/changes only\s+the records of migrations/);
    expect(stdout).not.toMatch(/backup/);
    expect(stdout).toMatch(/Exit codes: 0 .* 1 .* 64 /);
  });
});

/** Runs as at a terminal, where a person answers every question with `answer`. */
async function atTerminal<T>(answer: string, run: () => Promise<T>): Promise<T> {
  const input = Object.assign(new PassThrough(), { isTTY: true });
  const screen = Object.assign(new PassThrough().resume(), { isTTY: true, columns: 120, rows: 40 });
  input.write(`${answer}\n`);
  const own = (name: 'stdin' | 'stdout') => Object.getOwnPropertyDescriptor(process, name)!;
  const [stdin, stdout, ci] = [own('stdin'), own('stdout'), process.env.CI];
  Object.defineProperty(process, 'stdin', { ...stdin, get: () => input });
  Object.defineProperty(process, 'stdout', { ...stdout, get: () => screen });
  delete process.env.CI;
  try {
    return await run();
  } finally {
    Object.defineProperty(process, 'stdin', stdin);
    Object.defineProperty(process, 'stdout', stdout);
    if (ci !== undefined) process.env.CI = ci;
  }
}

const SLEEPING = `SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event = 'PgSleep'`;
