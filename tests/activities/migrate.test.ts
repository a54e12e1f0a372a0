import { createHash } from 'node:crypto';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { LedgerEntry } from '../../domain/release';
import { ActivityWorld } from '../support/activity-world';
import { query } from '../support/postgres';
import { sharedPostgres, type UsedPostgres } from '../support/shared-postgres';

const RELEASE = '20261121-101500-1.0.0-aaaa';
const NAMES = ['001_orders', '002_total'];
const FILES = {
  '001_orders.up.sql': 'CREATE TABLE orders (id int PRIMARY KEY); INSERT INTO orders VALUES (1);',
  '001_orders.down.sql': 'DROP TABLE orders;',
  '002_total.up.sql': 'ALTER TABLE orders ADD total numeric;',
  '002_total.down.sql': 'ALTER TABLE orders DROP total;',
};

let postgres: UsedPostgres;
let world: ActivityWorld;
let url: string;

beforeAll(async () => void (postgres = await sharedPostgres()));
afterAll(() => postgres?.stop());
beforeEach(async () => {
  url = await postgres.createDatabase();
  world = await ActivityWorld.open({ DATABASE_URL: url });
  await configure();
  await mkdir(join(world.project, 'migrations'));
  await write(FILES);
  await world.run('takeFence', world.step(RELEASE));
});
afterEach(() => world?.close());

async function configure(overrides: Record<string, unknown> = {}): Promise<void> {
  const database = { driver: 'postgres', url: { env: 'DATABASE_URL' }, migrations: { directory: 'migrations' } };
  world.change = (raw) => (raw.database = { ...database, ...overrides });
}

async function write(files: Record<string, string>): Promise<void> {
  for (const [name, text] of Object.entries(files)) await writeFile(join(world.project, 'migrations', name), text);
}

const apply = (names = NAMES, release = RELEASE) => world.run('applyMigrations', { ...world.step(release), names });
const revert = (dump: string | null = null, names = NAMES) =>
  world.run('revertMigrations', { ...world.step(RELEASE), names, dump });
const status = () => world.run('migrationStatus', world.step(RELEASE));
const tables = async () => {
  const sql = `SELECT relname AS name FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace ORDER BY 1`;
  return (await query<{ name: string }>(url, sql)).map(({ name }) => name);
};

test('migrations are applied and verified, a second try changes nothing, and the undo reverts them [proves M1]', async () => {
  await configure({ verify: ['sh', '-c', 'psql "$DATABASE_URL" -c "SELECT total FROM orders"'] });
  expect(await apply()).toEqual({ applied: NAMES });
  expect(await apply()).toEqual({ applied: NAMES });
  expect(await status()).toEqual({ applied: NAMES, pending: [] });
  expect(await revert()).toEqual({ reverted: [...NAMES].reverse() });
  expect(await revert()).toEqual({ reverted: [] });
  expect(await tables()).toEqual([]);
});

test('when the verification fails the undo reverts what was applied [proves M1]', async () => {
  await configure({ verify: ['sh', '-c', 'echo "total is wrong" >&2; exit 1'] });
  await expect(apply()).rejects.toMatchObject({
    name: 'MigrationFailure',
    message: expect.stringMatching(/total is wrong/),
  });
  expect(await tables()).toEqual(['orders']);
  expect(await revert()).toEqual({ reverted: [...NAMES].reverse() });
  expect(await tables()).toEqual([]);
});

test('the undo leaves alone what another release has applied [proves M1]', async () => {
  await apply(['001_orders']);
  const next = '20261121-101600-1.0.1-bbbb';
  await world.run('takeFence', world.step(next));
  await apply(['002_total'], next);
  const input = { ...world.step(next), names: NAMES, dump: null };
  expect(await world.run('revertMigrations', input)).toEqual({ reverted: ['002_total'] });
  expect((await status()).applied).toEqual(['001_orders']);
});

test('where the rollback restores, the database is what it was when it was backed up', async () => {
  await configure({ onRollback: 'restore' });
  await apply(['001_orders']);
  await rm(join(world.project, 'migrations', '002_total.down.sql'));
  const { dump } = await world.run('backUp', { ...world.step(RELEASE), live: null });
  await apply(['002_total']);
  await query(url, 'INSERT INTO orders VALUES (2, 10)');
  expect(await revert(dump!, ['002_total'])).toEqual({ reverted: ['002_total'] });
  expect(await query(url, 'SELECT * FROM orders')).toEqual([{ id: 1 }]);
  expect(await status()).toEqual({ applied: ['001_orders'], pending: ['002_total'] });
  expect(await revert(dump!, ['002_total'])).toEqual({ reverted: ['002_total'] });
});

test('where the rollback restores, a failed release leaves nothing, and the corrected one succeeds [proves C]', async () => {
  await configure({ onRollback: 'restore' });
  await write({
    '001_orders.up.sql': `CREATE SCHEMA shop; CREATE EXTENSION hstore; CREATE TYPE addr AS (street text);
      CREATE COLLATION german (provider = libc, locale = 'C'); CREATE TEXT SEARCH CONFIGURATION c (COPY = english);
      CREATE FUNCTION street(addr) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT $1.street'; CREATE CAST (addr AS text) WITH FUNCTION street(addr);
      CREATE TABLE shop.orders (id int GENERATED ALWAYS AS IDENTITY, a addr); CREATE PUBLICATION p FOR TABLE shop.orders;
      CREATE OPERATOR +# (RIGHTARG = addr, FUNCTION = street); SELECT lo_create(0);`,
    '002_total.up.sql': 'ALTER TABLE shop.orders ADD total numeric DEFAULT 1 / 0;',
  });
  const { dump } = await world.run('backUp', { ...world.step(RELEASE), live: null });
  await expect(apply()).rejects.toMatchObject({
    name: 'MigrationFailure',
    message: expect.stringMatching(/division by zero/),
  });
  expect(await revert(dump!)).toEqual({ reverted: NAMES });
  expect(await revert(dump!)).toEqual({ reverted: NAMES });
  await write({ '002_total.up.sql': 'ALTER TABLE shop.orders ADD total numeric;' });
  const next = '20261121-101600-1.0.1-bbbb';
  await world.run('takeFence', world.step(next));
  expect(await apply(NAMES, next)).toEqual({ applied: NAMES });
});

test('where the rollback restores, and another app has records in the database, checking says so and the undo touches nothing', async () => {
  await configure({ onRollback: 'restore' });
  const { dump } = await world.run('backUp', { ...world.step(RELEASE), live: null });
  await apply(['001_orders']);
  await query(
    url,
    `INSERT INTO spillway.migrations (app, environment, name, checksum, release) VALUES ('blog', 'production', 'posts', 'c', 'r')`,
  );
  const { restore } = await world.run('checkMigrations', world.step(RELEASE));
  expect(restore).toEqual([expect.stringMatching(/seen migrations of blog\/production/)]);
  await expect(revert(dump!)).rejects.toMatchObject({
    name: 'ConfigurationFailure',
    message: expect.stringMatching(/Nothing was changed/),
  });
  expect(await tables()).toContain('orders');
});

test('where the rollback restores and the worker does not see the backup, it says where it looked and what to mount', async () => {
  await configure({ onRollback: 'restore' });
  const missing = expect.objectContaining({
    name: 'BackupFailure',
    message: expect.stringMatching(
      /expected backup_20261121_101500.tar.gz in the folder .*, seen no backup .*mount the same folder/,
    ),
  });
  await expect(revert('backup_20261121_101500')).rejects.toEqual(missing);
  await expect(revert('/nowhere/backup_20261121_101500.tar.gz')).rejects.toEqual(missing);
});

test('where the rollback keeps, nothing is reverted', async () => {
  await configure({ onRollback: 'keep' });
  await apply();
  expect(await revert()).toEqual({ reverted: [] });
  expect((await status()).applied).toEqual(NAMES);
});

test('records of an older version are known by the ledger, though the search path leads elsewhere since [proves E]', async () => {
  const earlier = '20261101-090000-0.9.0-zzzz';
  const checksum = createHash('sha256').update(FILES['001_orders.up.sql']).digest('hex');
  await query(url, FILES['001_orders.up.sql']);
  await query(
    url,
    `CREATE TABLE spillway_migrations (name text PRIMARY KEY, checksum text NOT NULL, applied_at timestamptz, release text NOT NULL,
       down text, started_at timestamptz NOT NULL DEFAULT clock_timestamp())`,
  );
  await query(
    url,
    `INSERT INTO spillway_migrations VALUES ('001_orders', '${checksum}', now(), '${earlier}', 'DROP TABLE public.orders')`,
  );
  await query(url, 'CREATE SCHEMA app');
  await query(url, `ALTER DATABASE ${new URL(url).pathname.slice(1)} SET search_path = app, public`);
  const asked = world.step(RELEASE);
  expect((await world.run('checkMigrations', asked)).mistakes).toEqual([]);

  await query(url, `ALTER DATABASE ${new URL(url).pathname.slice(1)} SET search_path = app`);
  expect((await world.run('checkMigrations', asked)).mistakes).toEqual([
    expect.stringMatching(/whose the records of 001_orders/),
  ]);
  const { scope } = world;
  const entry: LedgerEntry = {
    release: { ...scope, id: earlier, version: '0.9.0' },
    ...{ outcome: 'released', who: 'alice', note: '', startedAt: 1, endedAt: 2, live: null },
    ...{ phases: [], images: [], messages: [], leftovers: [] },
  };
  await world.run('recordEntry', { ...world.step(earlier), entry });
  expect((await world.run('checkMigrations', asked)).mistakes).toEqual([]);
  expect(await status()).toEqual({ applied: ['001_orders'], pending: ['002_total'] });
});

test('a release that no longer has the environment neither applies nor reverts', async () => {
  await world.run('takeFence', world.step('20261121-101600-1.0.1-bbbb'));
  await expect(apply()).rejects.toMatchObject({ name: 'OutdatedFailure' });
  await expect(revert()).rejects.toMatchObject({ name: 'OutdatedFailure' });
  expect(await tables()).toEqual([]);
});

test('checking warns of numbers that were merged out of order and names what is no migration, but not before a revert [proves strict]', async () => {
  await apply(['001_orders']);
  await write({ '000_late.up.sql': 'SELECT 1;', '000_late.down.sql': 'SELECT 1;', 'notes.rtf': '' });
  const warnings = [expect.stringMatching(/000_late has a smaller number than 001_orders/) as string];
  const notes = ['no migrations: notes.rtf'];
  const told = { mistakes: [], restore: [], warnings, notes };
  expect(await world.run('checkMigrations', world.step(RELEASE))).toEqual(told);
  expect(await world.run('checkBaseline', { ...world.step(RELEASE), names: ['002_total'] })).toEqual({
    mistakes: [],
    notes,
  });
  const down = { ...world.step(RELEASE), change: 'down' as const };
  expect(await world.run('checkMigrations', down)).toEqual({ ...told, warnings: [], notes: [] });
  await configure({ migrations: { directory: 'migrations', order: 'strict' } });
  expect(await world.run('checkMigrations', world.step(RELEASE))).toEqual({
    ...told,
    mistakes: warnings,
    warnings: [],
  });
});

test('checking finds a syntax error and changes nothing [proves G8]', async () => {
  await write({ '003_bad.up.sql': 'SELECT 1;\nALTER TABEL orders;', '003_bad.down.sql': 'SELECT 1;' });
  const { mistakes } = await world.run('checkMigrations', world.step(RELEASE));
  expect(mistakes).toEqual([expect.stringMatching(/003_bad\.up\.sql:2: syntax error at or near "TABEL"$/)]);
  expect(await tables()).toEqual([]);
});

test('by hand any migration can be reverted, whoever applied it, and the verification follows [proves M3]', async () => {
  await apply();
  await configure({ verify: ['sh', '-c', 'psql "$DATABASE_URL" -c "SELECT total FROM orders" && exit 1 || exit 0'] });
  const hand = world.step('20261121-101700-migrate-cccc');
  await world.run('takeFence', hand);
  expect(await world.run('downMigrations', { ...hand, names: ['002_total'] })).toEqual({ reverted: ['002_total'] });
  expect(await world.run('downMigrations', { ...hand, names: ['002_total'] })).toEqual({ reverted: ['002_total'] });
  expect((await status()).applied).toEqual(['001_orders']);
});

test('a configuration without a database says so', async () => {
  world.change = () => undefined;
  await expect(status()).rejects.toMatchObject({ name: 'ConfigurationFailure' });
});
