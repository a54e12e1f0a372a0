import { query } from '../../../support/postgres';
import { Databases, io, ORDERS, SHOP } from '../../database-context';

const databases = new Databases('own');
const shop = (overrides?: Record<string, unknown>) => databases.project(overrides);
const ask = <Row extends object>(sql: string) => query<Row>(databases.url, sql);

const NO_TRANSACTION = '-- spillway: no transaction\n';
const DOWN = 'SELECT 1;';

describe('a file that leaves a transaction open, or says what has no effect', () => {
  test.each<[string, string, RegExp]>([
    [
      'BEGIN without COMMIT',
      'BEGIN;\nALTER TABLE orders ADD total int;',
      /:2: BEGIN begins a transaction that the file does not end/,
    ],
    [
      'START TRANSACTION without END',
      'SELECT 1;\nSTART TRANSACTION;',
      /:3: START TRANSACTION begins a transaction that/,
    ],
    [
      'COMMIT AND CHAIN at the end',
      'BEGIN;\nSELECT 1;\nCOMMIT AND CHAIN;',
      /:2: BEGIN begins a transaction that the file/,
    ],
    ['BEGIN in a transaction', 'BEGIN;\nBEGIN;\nCOMMIT;', /:3: BEGIN stands in a transaction already/],
    ['ROLLBACK', 'BEGIN;\nSELECT 1;\nROLLBACK;', /:4: ROLLBACK takes back what the file has done/],
    ['ABORT', 'BEGIN;\nABORT;', /:3: ABORT takes back what the file has done/],
    ['COMMIT without BEGIN', 'SELECT 1;\nCOMMIT;', /:3: COMMIT ends no transaction of this file/],
    [
      'a prepared transaction',
      `BEGIN;\nPREPARE TRANSACTION 'x';`,
      /:3: PREPARE TRANSACTION '…' leaves a transaction to others/,
    ],
    [
      'SET LOCAL',
      `SET LOCAL lock_timeout = '1s';`,
      /:2: SET LOCAL lock_timeout = '…' has no effect outside of a transaction/,
    ],
    ['SET TRANSACTION', 'SET TRANSACTION READ ONLY;', /:2: SET TRANSACTION READ ONLY has no effect outside/],
    ['SET CONSTRAINTS', 'SET CONSTRAINTS ALL DEFERRED;', /:2: SET CONSTRAINTS ALL DEFERRED has no effect outside/],
    [
      'set_config for a transaction',
      `SELECT set_config('lock_timeout', '1s', true);`,
      /:2: SELECT set_config.* has no effect/,
    ],
    [
      'a concurrent index between BEGIN and COMMIT',
      'BEGIN;\nCREATE INDEX CONCURRENTLY i ON orders (id);\nCOMMIT;',
      /:3: CREATE INDEX .* move it out/,
    ],
    ['DISCARD ALL', 'DISCARD ALL;', /:2: DISCARD ALL gives up the lock/],
    [
      'unlocking everything',
      'SELECT pg_advisory_unlock_all();',
      /:2: SELECT pg_advisory_unlock_all\(\) gives up the lock/,
    ],
    ['RESET ALL', 'RESET ALL;', /:2: RESET ALL takes away the limits/],
  ])('is found before anything changes: %s [proves G]', async (_what, sql, why) => {
    const { database, write } = await shop();
    await write({ ...ORDERS, '002_x.up.sql': NO_TRANSACTION + sql, '002_x.down.sql': DOWN });
    expect(await database.migrations!.check(io())).toEqual([expect.stringMatching(why)]);
    await expect(database.migrations!.up(['001_orders', '002_x'], 'r', io())).rejects.toThrow(why);
    expect(await databases.tables()).toEqual([]);
  });

  test.each([
    'COMMIT',
    'END',
    'ROLLBACK',
    'BEGIN',
    'START TRANSACTION',
    `PREPARE TRANSACTION 'x'`,
    `COMMIT PREPARED 'x'`,
  ])('is found where each file is one transaction: %s', async (statement) => {
    const { database, write } = await shop();
    await write({ '001_x.up.sql': `SELECT 1;\n${statement};`, '001_x.down.sql': DOWN });
    expect(await database.migrations!.check(io())).toEqual([
      expect.stringMatching(/:2: \w+ is not allowed: each file is one/),
    ]);
  });

  test('is found in a down file before anything is reverted [proves G]', async () => {
    const { database, write } = await shop();
    await write({ ...ORDERS, '002_x.up.sql': 'SELECT 1;', '002_x.down.sql': DOWN });
    await database.migrations!.up(['001_orders', '002_x'], 'r', io());
    await write({ '001_orders.down.sql': `${NO_TRANSACTION}BEGIN; DROP TABLE orders;` });
    await expect(database.migrations!.down(['001_orders', '002_x'], 'r', io())).rejects.toThrow(
      /begins a transaction.*Nothing was reverted/s,
    );
    expect((await database.migrations!.status(io()))?.applied).toEqual(['001_orders', '002_x']);
  });

  test('is allowed to begin transactions and to end them [proves G]', async () => {
    const { database, write } = await shop();
    const sql = `BEGIN; SET LOCAL lock_timeout = '1s'; CREATE TABLE a (); SAVEPOINT s; CREATE TABLE b (); ROLLBACK TO s; COMMIT AND CHAIN;
      SET CONSTRAINTS ALL DEFERRED; CREATE TABLE c (); END; CREATE TABLE d ();`;
    await write({
      '001_x.up.sql': NO_TRANSACTION + sql,
      '001_x.down.sql': `${NO_TRANSACTION}DROP TABLE IF EXISTS a, c, d;`,
    });
    expect(await database.migrations!.check(io())).toEqual([]);
    expect(await database.migrations!.up(['001_x'], 'r', io())).toEqual(['001_x']);
    expect(await databases.tables()).toEqual(['a', 'c', 'd']);
    expect((await database.migrations!.status(io()))?.applied).toEqual(['001_x']);
  });
});

describe('what a file does to its session', () => {
  const CHANGES = `
    CREATE SCHEMA other; SET search_path = other; SET ROLE pg_monitor; RESET ROLE; SET SESSION AUTHORIZATION guest_of_test;
    RESET SESSION AUTHORIZATION; SELECT set_config('my.setting', 'x', false); SET lock_timeout = 1; SET session_replication_role = replica; SELECT pg_advisory_lock(42); LISTEN news; PREPARE p AS SELECT 1;
    CREATE TEMP TABLE orders (x int); CREATE TEMP TABLE migrations (name text); CREATE TEMP TABLE pg_class (x int);
    SET row_security = off; SET default_tablespace = ''; SET statement_timeout = '10min';
    SET default_transaction_read_only = on;`;

  test.each([
    ['in a transaction', ''],
    ['without one', NO_TRANSACTION],
  ])('reaches neither the next file nor our own statements, %s [proves G]', async (_how, first) => {
    await ask('CREATE ROLE guest_of_test').catch(() => undefined);
    const { database, write } = await shop();
    const next = `CREATE TABLE seen AS SELECT current_schema()::text AS schema, current_user::text AS "user",
      coalesce(current_setting('my.setting', true), '') AS mine, current_setting('session_replication_role') AS triggers,
      (SELECT count(*) FROM pg_locks WHERE pid = pg_backend_pid() AND locktype = 'advisory')::int AS locks,
      (SELECT count(*) FROM pg_listening_channels())::int AS channels, (SELECT count(*) FROM pg_prepared_statements)::int AS prepared,
      to_regclass('pg_temp.orders') IS NOT NULL AS temporary, current_setting('lock_timeout') AS "lockTimeout";`;
    await write({
      '000_change.up.sql': first + CHANGES,
      '000_change.down.sql': `${first}DROP SCHEMA IF EXISTS other CASCADE;`,
    });
    await write({ ...ORDERS, '002_seen.up.sql': next, '002_seen.down.sql': 'DROP TABLE seen;' });
    const all = ['000_change', '001_orders', '002_seen'];
    expect(await database.migrations!.check(io())).toEqual([]);
    expect(await database.migrations!.up(all, 'r', io())).toEqual(all);
    expect(await ask('SELECT * FROM seen')).toEqual([
      {
        schema: 'public',
        user: 'postgres',
        mine: '',
        triggers: 'origin',
        locks: 1,
        channels: 0,
        prepared: 0,
        temporary: false,
        lockTimeout: '5s',
      },
    ]);
    expect(await databases.tables()).toEqual(['orders', 'seen']);
    expect(await database.migrations!.status(io())).toEqual({ applied: all, pending: [] });
    expect(await database.migrations!.down(all, 'r', io())).toEqual([...all].reverse());
  });

  test.each([
    ['a role', 'SET ROLE guest_of_test;'],
    ['a user', 'SET SESSION AUTHORIZATION guest_of_test;'],
    ['a role for the transaction', 'SET LOCAL ROLE guest_of_test;'],
    ['deferred constraints', 'SET CONSTRAINTS ALL DEFERRED;'],
    ['a table in the way of the records', 'CREATE TEMP TABLE migrations (name text); SET search_path = pg_temp;'],
  ])('and leaves behind does not keep its record from being written: %s', async (_what, sql) => {
    await ask('CREATE ROLE guest_of_test').catch(() => undefined);
    const { database, write } = await shop();
    await write({ '001_x.up.sql': `CREATE TABLE t (); ${sql}`, '001_x.down.sql': `DROP TABLE public.t; ${sql}` });
    expect(await database.migrations!.check(io())).toEqual([]);
    expect(await database.migrations!.up(['001_x'], 'r', io())).toEqual(['001_x']);
    expect((await database.migrations!.status(io()))?.applied).toEqual(['001_x']);
    expect(await database.migrations!.down(['001_x'], 'r', io())).toEqual(['001_x']);
    expect((await database.migrations!.status(io()))?.applied).toEqual([]);
  });

  test('and only the server sees, such as a lock of ours that is gone, is found before it counts as applied [proves G]', async () => {
    const { database, write } = await shop();
    const unlock = `DO $$ BEGIN EXECUTE 'SELECT pg_advisory_' || 'unlock_all()'; END $$;`;
    await write({ '001_x.up.sql': `CREATE TABLE t (); ${unlock}`, '001_x.down.sql': DOWN });
    await expect(database.migrations!.up(['001_x'], 'r', io())).rejects.toThrow(
      /001_x\.up\.sql: expected the lock .*Nothing of this file/,
    );
    expect(await databases.tables()).toEqual([]);
    expect((await database.migrations!.status(io()))?.applied).toEqual([]);
  });

  test('so that no record can be written fails the file, and nothing of it stays [proves G, E]', async () => {
    const { database, write } = await shop();
    await write({
      ...ORDERS,
      '002_x.up.sql': 'CREATE TABLE t (); DROP SCHEMA spillway CASCADE;',
      '002_x.down.sql': DOWN,
    });
    await expect(database.migrations!.up(['001_orders', '002_x'], 'r', io())).rejects.toMatchObject({
      name: 'MigrationFailure',
      message: expect.stringMatching(/002_x\.up\.sql: its record could not be written.*Nothing of this file/) as string,
    });
    expect(await databases.tables()).toEqual(['orders']);
    expect((await database.migrations!.status(io()))?.applied).toEqual(['001_orders']);
  });

  test('a trigger of the app that waits for the commit still sees the search path of the app', async () => {
    const { database, write } = await shop();
    const trigger = `CREATE TABLE log (id int);
      CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO log VALUES (NEW.id); RETURN NULL; END $$;
      CREATE CONSTRAINT TRIGGER late AFTER INSERT ON orders DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION note();
      INSERT INTO orders VALUES (7);`;
    await write({ ...ORDERS, '002_log.up.sql': trigger, '002_log.down.sql': 'DROP TABLE log;' });
    await database.migrations!.up(['001_orders', '002_log'], 'r', io());
    expect(await ask('SELECT id FROM log')).toEqual([{ id: 7 }]);
  });

  test('and breaks off with it is put right by the next try [proves G]', async () => {
    const { database, write } = await shop();
    await write({
      '001_x.up.sql': `${NO_TRANSACTION}SET search_path = nowhere; SELECT 1/0;`,
      '001_x.down.sql': `${NO_TRANSACTION}SELECT 1;`,
    });
    await expect(database.migrations!.up(['001_x'], 'r', io())).rejects.toThrow(/division by zero/);
    await write({ '001_x.up.sql': `${NO_TRANSACTION}CREATE TABLE t ();` });
    expect(await database.migrations!.up(['001_x'], 'r', io())).toEqual(['001_x']);
    expect(await databases.tables()).toEqual(['t']);
    const record = await ask(`SELECT app, environment, schema FROM spillway.migrations`);
    expect(record).toEqual([{ ...SHOP, schema: 'public' }]);
  });
});
