import { createHash } from 'node:crypto';
import { query } from '../../../support/postgres';
import { Databases, io, ORDERS, SHOP, type Owner } from '../../database-context';

const databases = new Databases('own');
const BILLING: Owner = { app: 'billing', environment: 'production' };
const TOTAL = {
  '002_total.up.sql': 'ALTER TABLE IF EXISTS orders ADD total int;\n',
  '002_total.down.sql': 'ALTER TABLE IF EXISTS orders DROP total;\n',
};
const FILES: Record<string, string> = { ...ORDERS, ...TOTAL };
const BOTH = ['001_orders', '002_total'];

const ask = <Row extends object>(sql: string, values?: unknown[]) => query<Row>(databases.url, sql, values);

async function shop(releases: string[] = [], owner: Owner = SHOP, files: Record<string, string> = FILES) {
  const opened = await databases.project({}, { ...owner, releases });
  await opened.write(files);
  return opened.database;
}

/** A table of records as the version before this one made it, in a schema, with these migrations by release. */
async function older(schema: string, records: Record<string, string>, files = FILES): Promise<void> {
  await ask(`CREATE SCHEMA IF NOT EXISTS ${schema}`);
  await ask(`CREATE TABLE IF NOT EXISTS ${schema}.spillway_migrations (
    name text PRIMARY KEY, checksum text NOT NULL, applied_at timestamptz, release text NOT NULL, down text,
    started_at timestamptz NOT NULL DEFAULT clock_timestamp())`);
  for (const [name, release] of Object.entries(records)) {
    const checksum = createHash('sha256')
      .update(files[`${name}.up.sql`] ?? 'gone')
      .digest('hex');
    await ask(
      `INSERT INTO ${schema}.spillway_migrations (name, checksum, applied_at, release, down) VALUES ($1, $2, now(), $3, $4)`,
      [name, checksum, release, files[`${name}.down.sql`] ?? null],
    );
  }
}

const names = async (table: string) =>
  (await ask<{ name: string }>(`SELECT name FROM ${table} ORDER BY 1`)).map(({ name }) => name);
const lead = (path: string) => {
  const name = new URL(databases.url).pathname.slice(1);
  return ask(`ALTER DATABASE "${name}" SET search_path = ${path}`);
};

describe('records that an older version left', () => {
  test('are told before they are taken over, and then taken over with the next change [proves E]', async () => {
    await ask('CREATE TABLE orders (id int)');
    await older('public', { '001_orders': 'r1' });
    const database = await shop();
    expect(await database.migrations!.status(io())).toEqual({ applied: ['001_orders'], pending: ['002_total'] });
    expect(await database.migrations!.check(io())).toEqual([]);
    expect(await names('spillway_migrations')).toEqual(['001_orders']);
    expect(await ask(`SELECT 1 FROM pg_namespace WHERE nspname = 'spillway'`)).toEqual([]);

    expect(await database.migrations!.up(['002_total'], 'r2', io())).toEqual(['002_total']);
    expect(await names('spillway.migrations')).toEqual(BOTH);
    expect(await database.migrations!.status(io())).toEqual({ applied: BOTH, pending: [] });
    expect(await database.migrations!.down(BOTH, null, io())).toEqual(['002_total', '001_orders']);
    expect(await database.migrations!.status(io())).toEqual({ applied: [], pending: BOTH });
  });

  test('that was reverted stays reverted, and an older version that still runs fails rather than apply all again [proves E]', async () => {
    await ask('CREATE TABLE orders (id int)');
    await older('public', { '001_orders': 'r1' });
    const database = await shop();
    expect(await database.migrations!.down(['001_orders'], null, io())).toEqual(['001_orders']);
    expect(await database.migrations!.status(io())).toEqual({ applied: [], pending: BOTH });
    await expect(ask('SELECT name, checksum FROM spillway_migrations')).rejects.toThrow(/column "name" does not exist/);
  });

  test('are found in the schema that the search path has left, by the ledger that knows their release [proves E]', async () => {
    await older('public', { '001_orders': 'r1' });
    // Where the undo of a later release has removed the second record of it.
    await older('app', {});
    await lead('app');
    const database = await shop(['r1']);
    expect(await database.migrations!.check(io())).toEqual([]);
    expect(await database.migrations!.status(io())).toEqual({ applied: ['001_orders'], pending: ['002_total'] });
    expect(await database.migrations!.up(['002_total'], 'r2', io())).toEqual(['002_total']);
    expect(await database.migrations!.status(io())).toEqual({ applied: BOTH, pending: [] });
  });

  test('that lie in two schemas are one history: who applied a migration first has it, and a later undo leaves it [proves E]', async () => {
    await older('public', { '001_orders': 'r1' });
    await older('app', { '001_orders': 'r2', '002_total': 'r2' });
    await lead('app');
    const database = await shop(['r1', 'r2']);
    expect(await database.migrations!.check(io())).toEqual([]);
    expect(await database.migrations!.status(io())).toEqual({ applied: BOTH, pending: [] });
    expect(await database.migrations!.appliedBy('r2', io())).toEqual(['002_total']);
    expect(await database.migrations!.down(BOTH, 'r2', io())).toEqual(['002_total']);
    expect(await database.migrations!.status(io())).toEqual({ applied: ['001_orders'], pending: ['002_total'] });
    expect(await ask('SELECT name, release FROM spillway.migrations')).toEqual([{ name: '001_orders', release: 'r1' }]);
  });

  test('that may be of somebody else in another schema stop all changes until a person says whose they are [proves E, F]', async () => {
    await ask('CREATE SCHEMA app');
    await older('public', { '001_orders': 'r1' });
    await lead('app');
    const database = await shop(['another']);
    const why = /^public\.spillway_migrations: expected to know whose the records of 001_orders are.* leads to app/;
    expect(await database.migrations!.check(io())).toEqual([expect.stringMatching(why)]);
    await expect(database.migrations!.up(['001_orders'], 'r2', io())).rejects.toThrow(why);
    expect(await database.migrations!.down(BOTH, null, io())).toEqual([]);
    expect(await names('public.spillway_migrations')).toEqual(['001_orders']);

    // As docs/databases.md says, when they are this app's:
    await ask('ALTER TABLE public.spillway_migrations SET SCHEMA app');
    expect(await database.migrations!.check(io())).toEqual([]);
    expect((await database.migrations!.status(io()))?.applied).toEqual(['001_orders']);
  });

  test('of two environments, each in its own schema, stay with each', async () => {
    await older('staging', { '001_orders': 'r1', '002_total': 'r2' });
    await older('production', { '001_orders': 'r3' });
    await lead('production');
    const database = await shop();
    expect(await database.migrations!.status(io())).toMatchObject({ applied: ['001_orders'], pending: ['002_total'] });
    expect(await database.migrations!.check(io())).toEqual([]);
    await database.migrations!.up(['002_total'], 'r4', io());
    expect(await names('staging.spillway_migrations')).toEqual(BOTH);
  });

  test('of another environment are looked at once: what was reverted can be applied again beside them [proves E, F]', async () => {
    await older('staging', { '001_orders': 'r1', '002_total': 'r2' });
    await older('production', { '001_orders': 'r3' });
    await ask('CREATE TABLE production.orders (id int)');
    await lead('production');
    const database = await shop();
    expect(await database.migrations!.down(BOTH, null, io())).toEqual(['001_orders']);
    expect(await database.migrations!.check(io())).toEqual([]);
    expect(await database.migrations!.up(BOTH, 'r4', io())).toEqual(BOTH);
    expect(await names('staging.spillway_migrations')).toEqual(BOTH);
  });

  test('of two apps in one table go to each app, and neither reverts the other’s [proves F]', async () => {
    const bills = { '001_bills.up.sql': 'CREATE TABLE bills ();', '001_bills.down.sql': 'DROP TABLE bills;' };
    await ask('CREATE TABLE orders (id int)');
    await ask('CREATE TABLE bills ()');
    await older('public', { '001_orders': 'r1' });
    await older('public', { '001_bills': 'r2' }, bills);
    const [ours, theirs] = [await shop(), await shop([], BILLING, bills)];
    expect(await ours.migrations!.status(io())).toEqual({
      applied: ['001_orders'],
      pending: ['002_total'],
      unclaimed: ['public.spillway_migrations: 001_bills'],
    });
    expect(await theirs.migrations!.down(['001_bills', '001_orders'], null, io())).toEqual(['001_bills']);
    expect(await databases.tables()).toEqual(['orders', 'spillway_migrations']);
    expect(await ours.migrations!.up(['002_total'], 'r3', io())).toEqual(['002_total']);
    expect((await ours.migrations!.status(io()))?.applied).toEqual(BOTH);
    expect((await theirs.migrations!.status(io()))?.applied).toEqual([]);
  });

  test('of another app under a name of ours is neither ours nor skipped: it is told, until that app has taken it [proves F]', async () => {
    const same = { '001_orders.up.sql': 'CREATE TABLE bills ();', '001_orders.down.sql': 'DROP TABLE bills;' };
    await ask('CREATE TABLE bills ()');
    await older('public', { '001_orders': 'r1' }, same);
    const [ours, theirs] = [await shop(), await shop([], BILLING, same)];
    const why = /001_orders to be of this file, seen that release r1 applied other content.* release that one first/;
    expect(await ours.migrations!.check(io())).toEqual([expect.stringMatching(why)]);
    await expect(ours.migrations!.up(['001_orders'], 'r2', io())).rejects.toThrow(why);
    expect(await theirs.migrations!.down(['nothing'], null, io())).toEqual([]);
    expect(await ours.migrations!.check(io())).toEqual([]);
    expect(await ours.migrations!.up(['001_orders'], 'r2', io())).toEqual(['001_orders']);
    expect(await databases.tables()).toEqual(['bills', 'orders', 'spillway_migrations']);
  });

  test('that two apps with the very same file shared is told to the second of them [proves F]', async () => {
    const audit = {
      '001_audit.up.sql': 'CREATE TABLE IF NOT EXISTS audit ();',
      '001_audit.down.sql': 'DROP TABLE audit;',
    };
    await ask('CREATE TABLE audit ()');
    await older('public', { '001_audit': 'r1' }, audit);
    const [ours, theirs] = [await shop([], SHOP, audit), await shop([], BILLING, audit)];
    await ours.migrations!.down(['nothing'], null, io());
    const why = /001_audit: expected to know whether it stands in the schema public.* shop\/production has its record/;
    expect(await theirs.migrations!.check(io())).toEqual([expect.stringMatching(why)]);
    await expect(theirs.migrations!.up(['001_audit'], 'r2', io())).rejects.toThrow(why);

    // As docs/databases.md says, when it is for both:
    await ask(`INSERT INTO spillway.migrations
      SELECT 'billing', 'production', name, checksum, release, down, schema, started_at, applied_at, taken_from
      FROM spillway.migrations WHERE app = 'shop' AND environment = 'production' AND name = '001_audit'`);
    expect(await theirs.migrations!.status(io())).toEqual({ applied: ['001_audit'], pending: [] });
    expect(await theirs.migrations!.check(io())).toEqual([]);
  });

  test('are still taken over after a person has copied a record for the second app, whose undo then leaves what was applied [proves E, F]', async () => {
    const audit = {
      '001_audit.up.sql': 'CREATE TABLE IF NOT EXISTS audit ();',
      '001_audit.down.sql': 'DROP TABLE audit;',
    };
    const files = {
      ...audit,
      '002_billing.up.sql': 'CREATE TABLE IF NOT EXISTS billing (id int);',
      '002_billing.down.sql': 'DROP TABLE billing;',
      '003_bad.up.sql': 'SELECT 1 / 0;',
      '003_bad.down.sql': 'SELECT 1;',
    };
    await ask(
      'CREATE TABLE audit (); CREATE TABLE billing (id int); INSERT INTO billing SELECT generate_series(1, 1000)',
    );
    await older('public', { '001_audit': 'r1', '002_billing': 'r2' }, files);
    const [ours, theirs] = [await shop([], SHOP, audit), await shop([], BILLING, files)];
    await ours.migrations!.down(['nothing'], null, io());
    await ask(`INSERT INTO spillway.migrations
      SELECT 'billing', 'production', name, checksum, release, down, schema, started_at, applied_at, taken_from
      FROM spillway.migrations WHERE app = 'shop' AND environment = 'production' AND name = '001_audit'`);
    const all = ['001_audit', '002_billing'];
    expect(await theirs.migrations!.check(io())).toEqual([]);
    const status = await theirs.migrations!.status(io());
    expect(status).toEqual({ applied: all, pending: ['003_bad'] });
    await expect(theirs.migrations!.up(status!.pending, 'r3', io())).rejects.toThrow(/division by zero/);
    expect(await theirs.migrations!.down(status!.pending, 'r3', io())).toEqual([]);
    expect(await ask('SELECT count(*)::int AS n FROM billing')).toEqual([{ n: 1_000 }]);
    expect(await theirs.migrations!.status(io())).toEqual({ applied: all, pending: ['003_bad'] });
  });

  test('of a migration that has a record here already do not replace it [proves E]', async () => {
    await ask('CREATE TABLE orders (id int)');
    await older('public', { '001_orders': 'r1' });
    const [first, second] = [await shop(), await shop([], { app: 'shop', environment: 'staging' })];
    await first.migrations!.down(['nothing'], null, io());
    await ask(`INSERT INTO spillway.migrations SELECT app, 'staging', name, checksum, 'r0', down, schema, started_at, applied_at
      FROM spillway.migrations`);
    await ask('ALTER TABLE spillway_migrations RENAME records_are_in_spillway_migrations TO name');
    await older('public', { '001_orders': 'r1' });
    expect(await second.migrations!.status(io())).toEqual({ applied: ['001_orders'], pending: ['002_total'] });
    expect(await second.migrations!.appliedBy('r0', io())).toEqual(['001_orders']);
    expect(await second.migrations!.up(['002_total'], 'r2', io())).toEqual(['002_total']);
    expect(await ask(`SELECT name, release FROM spillway.migrations WHERE environment = 'staging' ORDER BY 1`)).toEqual(
      [
        { name: '001_orders', release: 'r0' },
        { name: '002_total', release: 'r2' },
      ],
    );
  });

  test('are taken over once by two migrators at once, and again when a restore brings them back [proves E]', async () => {
    await ask('CREATE TABLE orders (id int)');
    await older('public', { '001_orders': 'r1' });
    const both = await Promise.all([shop(), shop()]);
    const done = await Promise.all(both.map((database) => database.migrations!.up(['002_total'], 'r2', io())));
    expect(done.flat()).toEqual(['002_total']);
    expect(await names('spillway.migrations')).toEqual(BOTH);

    // What a restore of a dump made before leaves.
    await ask('DROP SCHEMA spillway CASCADE');
    await ask('DROP TABLE spillway_migrations');
    await older('public', { '001_orders': 'r1' });
    expect(await both[0]!.migrations!.status(io())).toEqual({ applied: ['001_orders'], pending: ['002_total'] });
  });

  test('of the release that is being undone are its own, though its ledger does not know it yet and its files are gone [proves E]', async () => {
    await ask('CREATE TABLE orders (id int)');
    await older('public', { '001_orders': 'r1' });
    await lead('nowhere');
    const database = await shop([], SHOP, {});
    expect(await database.migrations!.appliedBy('r1', io())).toEqual(['001_orders']);
    await lead('public');
    expect(await database.migrations!.down(['001_orders'], 'r1', io())).toEqual(['001_orders']);
    expect(await databases.tables()).toEqual(['spillway_migrations']);
  });

  test('that may not be read stop changes, with the statements that open them [proves E]', async () => {
    await older('app', { '001_orders': 'r1' });
    const owner = databases.url;
    const name = `reader_${process.pid}`;
    await ask(`CREATE ROLE ${name} LOGIN PASSWORD 'x'`);
    await ask(`DO $$ BEGIN EXECUTE format('GRANT CREATE ON DATABASE %I TO ${name}', current_database()); END $$`);
    databases.url = databases.url.replace(/\/\/[^@]+@/, `//${name}:x@`);
    const database = await shop(['r1']);
    expect(await database.migrations!.check(io())).toEqual([
      expect.stringMatching(/^app\.spillway_migrations: expected to read .* GRANT USAGE ON SCHEMA and SELECT, DELETE/),
    ]);
    await query(owner, `GRANT USAGE ON SCHEMA app TO ${name}`);
    await query(owner, `GRANT SELECT, DELETE ON app.spillway_migrations TO ${name}`);
    expect(await database.migrations!.check(io())).toEqual([]);
    expect((await database.migrations!.status(io()))?.applied).toEqual(['001_orders']);
    expect(await database.migrations!.up(['002_total'], 'r2', io())).toEqual(['002_total']);
    expect(await query(owner, 'SELECT name FROM app.spillway_migrations')).toEqual([]);
  });
});
