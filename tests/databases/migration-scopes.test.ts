import { recordsOfOthers } from '../../databases/migration-records';
import { parsePostgresUrl, withClient } from '../../databases/postgres-connection';
import { query } from '../support/postgres';
import { Databases, io, ORDERS, SHOP, type Owner } from './database-context';

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
    await a.database.migrateUp(['001_orders', '002_total'], 'release-a', io());
    expect(await b.database.checkMigrations(io())).toEqual([]);
    expect(await b.database.migrationStatus(io())).toEqual({ applied: [], pending: ['001_orders'] });
    expect(await b.database.migrateUp(['001_orders'], 'release-b', io())).toEqual(['001_orders']);
    expect(await a.database.checkMigrations(io())).toEqual([]);

    expect(await b.database.appliedBy('release-a', io())).toEqual([]);
    const all = ['001_orders', '002_total'];
    expect(await b.database.migrateDown(all, null, io())).toEqual(['001_orders']);
    expect(await databases.tables()).toEqual(['orders']);
    expect(await a.database.migrationStatus(io())).toEqual({ applied: all, pending: [] });
    expect(await a.database.migrateDown(all, 'release-a', io())).toEqual(['002_total', '001_orders']);
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
    await a.database.migrateUp(['001_orders'], 'r', io());
    expect(await others(SHOP)).toEqual([]);
    await b.database.migrateUp(['001_b', '002_b'], 'r', io());
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
    await staging.database.migrateUp(['001_orders'], 'r1', io());
    expect(await production.database.checkMigrations(io())).toEqual([]);
    expect(await production.database.migrationStatus(io())).toEqual({ applied: [], pending: ['001_orders'] });
    await production.database.migrateUp(['001_orders'], 'r2', io());
    expect(await staging.database.migrateDown(['001_orders'], null, io())).toEqual(['001_orders']);
    expect(await query(databases.url, 'SELECT id FROM production.orders')).toEqual([{ id: 1 }]);
    expect((await production.database.migrationStatus(io()))?.applied).toEqual(['001_orders']);
  });

  test('two environments that share a schema are told so, rather than that one undoes what the other lives on [proves F]', async () => {
    const files = { '001_t.up.sql': 'CREATE TABLE IF NOT EXISTS t ();', '001_t.down.sql': 'DROP TABLE t;' };
    const [staging, production] = [await shop(STAGING), await shop()];
    await staging.write(files);
    await production.write(files);
    await staging.database.migrateUp(['001_t'], 'r1', io());
    const why = /001_t: .* schema public once, seen that shop\/staging has applied it there\. Give each environment/;
    expect(await production.database.checkMigrations(io())).toEqual([expect.stringMatching(why)]);
    await expect(production.database.migrateUp(['001_t'], 'r2', io())).rejects.toThrow(why);
    expect(await production.database.migrateDown(['001_t'], null, io())).toEqual([]);
    expect(await databases.tables()).toEqual(['t']);
  });
});
