import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { readMigrations } from '../../../../databases/migrations/files';
import { recordsOfOthers } from '../../../../databases/postgres/migrations/records';
import { MigrationRun } from '../../../../databases/postgres/migrations/run';
import { withClient } from '../../../../databases/postgres/connection';
import { parsePostgresUrl } from '../../../../databases/postgres/server';
import { query } from '../../../support/postgres';
import { Databases, io, ORDERS, SHOP, type Owner } from '../../database-context';

const databases = new Databases();
const shop = (owner?: Owner) => databases.project({}, owner);
const BILLING: Owner = { app: 'billing', environment: 'production' };
const STAGING: Owner = { app: 'shop', environment: 'staging' };

describe('the records of several apps in one database', () => {
  test('one app reverts, shows and knows only its own migrations, though their names are equal [proves F]', async () => {
    const [a, b] = [await shop(), await shop(BILLING)];
    await a.write({
      ...ORDERS,
      '002_total.up.sql': 'ALTER TABLE orders ADD total int;',
      '002_total.down.sql': 'ALTER TABLE orders DROP total;',
    });
    await b.write({ '001_orders.up.sql': 'CREATE TABLE bills ();', '001_orders.down.sql': 'DROP TABLE bills;' });
    await a.database.migrations!.up(['001_orders', '002_total'], 'release-a', io());
    expect(await b.database.migrations!.check(io())).toEqual([]);
    expect(await b.database.migrations!.status(io())).toEqual({ applied: [], pending: ['001_orders'] });
    expect(await b.database.migrations!.up(['001_orders'], 'release-b', io())).toEqual(['001_orders']);
    expect(await a.database.migrations!.check(io())).toEqual([]);

    expect(await b.database.migrations!.appliedBy('release-a', io())).toEqual([]);
    const all = ['001_orders', '002_total'];
    expect(await b.database.migrations!.down(all, null, io())).toEqual(['001_orders']);
    expect(await databases.tables()).toEqual(['orders']);
    expect(await a.database.migrations!.status(io())).toEqual({ applied: all, pending: [] });
    expect(await a.database.migrations!.down(all, 'release-a', io())).toEqual(['002_total', '001_orders']);
  });

  test('whoever wants to destroy the database learns who else has records in it [proves F]', async () => {
    const server = parsePostgresUrl(databases.url);
    const others = (scope: Owner) => withClient(server, io(), (client) => recordsOfOthers(client, scope));
    expect(await others(SHOP)).toEqual([]);
    const [a, b] = [await shop(), await shop(BILLING)];
    await a.write(ORDERS);
    await b.write({
      '001_b.up.sql': 'SELECT 1;',
      '001_b.down.sql': 'SELECT 1;',
      '002_b.up.sql': 'SELECT 1;',
      '002_b.down.sql': 'SELECT 1;',
    });
    await a.database.migrations!.up(['001_orders'], 'r', io());
    expect(await others(SHOP)).toEqual([]);
    await b.database.migrations!.up(['001_b', '002_b'], 'r', io());
    expect(await others(SHOP)).toEqual([{ app: 'billing', environment: 'production', migrations: 2 }]);
    expect(await others(STAGING)).toEqual([
      { app: 'billing', environment: 'production', migrations: 2 },
      { app: 'shop', environment: 'production', migrations: 1 },
    ]);
  });

  test('two environments of an app go their own ways where each has its own schema', async () => {
    await query(databases.url, 'CREATE SCHEMA staging; CREATE SCHEMA production');
    const url = databases.url;
    databases.url = `${url}?options=-csearch_path%3Dstaging`;
    const staging = await shop(STAGING);
    databases.url = `${url}?options=-csearch_path%3Dproduction`;
    const production = await shop();
    databases.url = url;
    await staging.write(ORDERS);
    await production.write(ORDERS);
    await staging.database.migrations!.up(['001_orders'], 'r1', io());
    expect(await production.database.migrations!.check(io())).toEqual([]);
    expect(await production.database.migrations!.status(io())).toEqual({ applied: [], pending: ['001_orders'] });
    await production.database.migrations!.up(['001_orders'], 'r2', io());
    expect(await staging.database.migrations!.down(['001_orders'], null, io())).toEqual(['001_orders']);
    expect(await query(databases.url, 'SELECT id FROM production.orders')).toEqual([{ id: 1 }]);
    expect((await production.database.migrations!.status(io()))?.applied).toEqual(['001_orders']);
  });

  test('two environments that share a schema are told so, rather than that one undoes what the other lives on [proves F]', async () => {
    const files = { '001_t.up.sql': 'CREATE TABLE IF NOT EXISTS t ();', '001_t.down.sql': 'DROP TABLE t;' };
    const [staging, production] = [await shop(STAGING), await shop()];
    await staging.write(files);
    await production.write(files);
    await staging.database.migrations!.up(['001_t'], 'r1', io());
    const why = /001_t: .* schema public once, seen that shop\/staging has applied it there\. Give each environment/;
    expect(await production.database.migrations!.check(io())).toEqual([expect.stringMatching(why)]);
    await expect(production.database.migrations!.up(['001_t'], 'r2', io())).rejects.toThrow(why);
    expect(await production.database.migrations!.down(['001_t'], null, io())).toEqual([]);
    expect(await databases.tables()).toEqual(['t']);
  });

  const PLACES: [what: string, up: string, table: string][] = [
    [
      'its schema and moves the search path',
      'CREATE SCHEMA IF NOT EXISTS app; CREATE TABLE IF NOT EXISTS app.orders (id int); PATH',
      'app.orders',
    ],
    ['its schema', 'CREATE TABLE IF NOT EXISTS public.orders (id int)', 'public.orders'],
    ['the search path', 'SET search_path = public; CREATE TABLE IF NOT EXISTS orders (id int)', 'public.orders'],
    [
      'the search path by a function',
      `SELECT set_config('search_path', 'public', true); CREATE TABLE IF NOT EXISTS orders (id int)`,
      'public.orders',
    ],
    [
      'its schema in a DO block',
      'DO $$ BEGIN CREATE TABLE IF NOT EXISTS public.orders (id int); END $$',
      'public.orders',
    ],
  ];

  test.each(PLACES)(
    'two environments do not share what a file makes that names %s, whatever their search paths are [proves E, F]',
    async (_what, text, table) => {
      const path = `DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET search_path = app', current_database()); END $$`;
      const files = {
        '001_orders.up.sql': `${text.replace('PATH', () => path)};`,
        '001_orders.down.sql': `DROP TABLE ${table};`,
      };
      const bad = { '002_bad.up.sql': 'SELECT 1 / 0;', '002_bad.down.sql': 'SELECT 1;' };
      const production = await shop();
      await production.write(files);
      await production.database.migrations!.up(['001_orders'], 'r1', io());
      await query(
        databases.url,
        `INSERT INTO ${table} SELECT generate_series(1, 1000); CREATE SCHEMA IF NOT EXISTS app`,
      );
      const url = databases.url;
      databases.url = `${url}?options=-csearch_path%3Dapp`;
      const staging = await shop(STAGING);
      databases.url = url;
      await staging.write({ ...files, ...bad });
      const why = /^001_orders: expected .* once, seen that shop\/production has applied it there/;
      expect(await staging.database.migrations!.check(io())).toEqual([expect.stringMatching(why)]);
      const all = ['001_orders', '002_bad'];
      await expect(staging.database.migrations!.up(all, 'r2', io())).rejects.toThrow(why);
      expect(await staging.database.migrations!.down(all, 'r2', io())).toEqual([]);
      expect(await query(url, `SELECT count(*)::int AS n FROM ${table}`)).toEqual([{ n: 1_000 }]);
    },
  );

  test('of two first releases that both passed the checks, only one applies a migration to a schema [proves F]', async () => {
    const [staging, production] = [await shop(STAGING), await shop()];
    for (const { write } of [staging, production]) await write({ '001_t.up.sql': 'CREATE TABLE IF NOT EXISTS t ();' });
    const { migrations } = await readMigrations(join(staging.directory, 'migrations'));
    await production.database.migrations!.up(['001_t'], 'r1', io());
    const run = new MigrationRun(parsePostgresUrl(databases.url), staging.config, STAGING, io());
    await expect(run.apply(migrations[0]!, 'r2')).rejects.toThrow(/seen that shop\/production has applied it there/);
    expect((await staging.database.migrations!.status(io()))?.applied).toEqual([]);
  });

  test('a copy of another environment’s database is told how it gets the records, and goes on with them [proves F]', async () => {
    const production = await shop();
    await production.write(ORDERS);
    await production.database.migrations!.up(['001_orders'], 'r1', io());
    const name = new URL(databases.url).pathname.slice(1);
    const server = databases.url.replace(name, 'postgres');
    await query(server, `CREATE DATABASE ${name}_copy TEMPLATE ${name}`);
    databases.url = databases.url.replace(name, `${name}_copy`);
    const staging = await shop(STAGING);
    await staging.write({ ...ORDERS, '002_x.up.sql': 'CREATE TABLE x ();', '002_x.down.sql': 'DROP TABLE x;' });
    expect(await staging.database.migrations!.check(io())).toEqual([
      expect.stringMatching(/docs\/databases\.md, "A copy of a database, or a new name"/),
    ]);
    const documented = await readFile(join(__dirname, '../../../../docs/databases.md'), 'utf8');
    const statements = documented.match(/^UPDATE spillway\.\w+ SET environment = .*;$/gm)!;
    expect(statements).toHaveLength(2);
    await query(databases.url, statements.join('\n'));
    expect(await staging.database.migrations!.check(io())).toEqual([]);
    expect(await staging.database.migrations!.status(io())).toEqual({ applied: ['001_orders'], pending: ['002_x'] });
    expect(await staging.database.migrations!.up(['002_x'], 'r2', io())).toEqual(['002_x']);
    expect(await staging.database.restore!.mistakes(io())).toEqual([]);
  });
});
