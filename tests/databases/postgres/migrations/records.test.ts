import { Client } from 'pg';
import { query } from '../../../support/postgres';
import { Databases, io, ORDERS, type Owner } from '../../database-context';

const databases = new Databases('own');
const shop = (owner?: Owner, overrides?: Record<string, unknown>) => databases.project(overrides, owner);
const BILLING: Owner = { app: 'billing', environment: 'production' };

/** The name of this test's database, quoted. */
const database = () => `"${new URL(databases.url).pathname.slice(1)}"`;
const ask = <Row extends object>(sql: string) => query<Row>(databases.url, sql);

/** Runs statements as the superuser under the ordinary path, whatever the database has set meanwhile. */
async function plainly(sql: string): Promise<void> {
  const client = new Client({ connectionString: databases.url, options: '-c search_path=public' });
  await client.connect();
  await client.query(sql).finally(() => client.end());
}

let roles = 0;

/** Makes a role and connects the projects that follow as it; answers its name. */
async function asRole(attributes = ''): Promise<string> {
  const name = `role_${process.pid}_${(roles += 1)}`;
  await plainly(`CREATE ROLE ${name} LOGIN PASSWORD 'x' ${attributes}`);
  databases.url = databases.url.replace(/\/\/[^@]+@/, `//${name}:x@`);
  return name;
}

describe('the records of a database whose search path changes', () => {
  const PATH = {
    '001_orders.up.sql': `CREATE SCHEMA app;
      CREATE TABLE IF NOT EXISTS app.orders (id int);
      DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET search_path = app', current_database()); END $$;`,
    '001_orders.down.sql': 'DROP TABLE app.orders;',
    '002_bad.up.sql': 'SELECT 1/0;',
    '002_bad.down.sql': 'SELECT 1;',
  };

  test('are found again: what is applied stays applied, and the undo of a later failure destroys nothing [proves E]', async () => {
    const { database, write } = await shop();
    await write(PATH);
    await database.migrations!.up(['001_orders'], 'r1', io());
    await ask('INSERT INTO app.orders SELECT generate_series(1, 1000)');

    expect(await database.migrations!.status(io())).toEqual({ applied: ['001_orders'], pending: ['002_bad'] });
    expect(await database.migrations!.check(io())).toEqual([]);
    const { pending } = (await database.migrations!.status(io()))!;
    await expect(database.migrations!.up(pending, 'r2', io())).rejects.toThrow(/002_bad\.up\.sql:1/);
    expect(await database.migrations!.down(pending, 'r2', io())).toEqual([]);
    expect(await ask('SELECT count(*)::int AS n FROM app.orders')).toEqual([{ n: 1_000 }]);
    expect(await database.migrations!.status(io())).toEqual({ applied: ['001_orders'], pending: ['002_bad'] });
    expect(await database.migrations!.down(['001_orders'], null, io())).toEqual(['001_orders']);
  });

  test('are found by another role with another path, and a table of ours in its path deceives nobody [proves E]', async () => {
    const first = await shop();
    await first.write(ORDERS);
    await first.database.migrations!.up(['001_orders'], 'r1', io());
    const name = await asRole('SUPERUSER');
    await plainly(`CREATE SCHEMA other; CREATE TABLE other.migrations (name text); CREATE TABLE other.spillway_migrations (name text);
      ALTER ROLE ${name} SET search_path = other`);
    const second = await shop();
    await second.write(ORDERS);
    expect(await second.database.migrations!.check(io())).toEqual([]);
    expect(await second.database.migrations!.status(io())).toEqual({ applied: ['001_orders'], pending: [] });
    expect(await second.database.migrations!.down(['001_orders'], 'r1', io()).catch(String)).toMatch(
      /"orders" does not exist/,
    );
    expect((await first.database.migrations!.status(io()))?.applied).toEqual(['001_orders']);
  });

  test('are kept while a schema shadows what our statements use [proves E]', async () => {
    const { database: opened, write } = await shop();
    await write({ ...ORDERS, '002_x.up.sql': 'CREATE TABLE public.x ();', '002_x.down.sql': 'DROP TABLE public.x;' });
    await opened.migrations!.up(['001_orders'], 'r1', io());
    await plainly(`CREATE SCHEMA evil;
      CREATE FUNCTION evil.never(text, text) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT false';
      CREATE OPERATOR evil.= (LEFTARG = text, RIGHTARG = text, FUNCTION = evil.never);
      CREATE FUNCTION evil.never(name, text) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT false';
      CREATE OPERATOR evil.= (LEFTARG = name, RIGHTARG = text, FUNCTION = evil.never);
      CREATE FUNCTION evil.never(name, name) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT false';
      CREATE OPERATOR evil.= (LEFTARG = name, RIGHTARG = name, FUNCTION = evil.never);
      CREATE FUNCTION evil.to_regclass(text) RETURNS regclass LANGUAGE sql AS 'SELECT NULL::regclass';
      CREATE FUNCTION evil.pg_try_advisory_lock(int, int) RETURNS boolean LANGUAGE sql AS 'SELECT false';
      CREATE FUNCTION evil.set_config(text, text, boolean) RETURNS text LANGUAGE sql AS 'SELECT 1/0 || $1';
      CREATE FUNCTION evil.current_database() RETURNS name LANGUAGE sql AS $$ SELECT 'nothing'::name $$;
      CREATE FUNCTION evil.clock_timestamp() RETURNS timestamptz LANGUAGE sql AS 'SELECT NULL::timestamptz';
      CREATE FUNCTION evil.pg_database_size(name) RETURNS bigint LANGUAGE sql AS 'SELECT 0::bigint';
      CREATE FUNCTION evil.current_setting(text) RETURNS text LANGUAGE sql AS $$ SELECT '1' $$;
      CREATE VIEW evil.pg_class AS SELECT oid, relname, relnamespace, relkind FROM pg_catalog.pg_class WHERE false;
      CREATE VIEW evil.pg_settings AS SELECT name, setting FROM pg_catalog.pg_settings WHERE false;
      CREATE VIEW evil.pg_locks AS SELECT * FROM pg_catalog.pg_locks WHERE false;
      CREATE VIEW evil.pg_stat_activity AS SELECT * FROM pg_catalog.pg_stat_activity WHERE false;
      ALTER DATABASE ${database()} SET search_path = evil, pg_catalog, public`);
    expect(await opened.migrations!.check(io())).toEqual([]);
    expect(await opened.migrations!.status(io())).toEqual({ applied: ['001_orders'], pending: ['002_x'] });
    expect(await opened.migrations!.up(['002_x'], 'r2', io())).toEqual(['002_x']);
    expect(await opened.migrations!.appliedBy('r2', io())).toEqual(['002_x']);
    expect((await opened.probe(io())).version).toMatch(/^\d+\.\d+/);
    expect(await opened.size(io())).toBeGreaterThan(1_000_000);
    expect(await opened.migrations!.down(['001_orders', '002_x'], null, io())).toEqual(['002_x', '001_orders']);
  });

  test.each([
    ['default_transaction_read_only = on'],
    ['row_security = off'],
    ['session_replication_role = replica'],
    ['standard_conforming_strings = off'],
    [`default_transaction_isolation = 'serializable'`],
    ['transform_null_equals = on'],
    ['quote_all_identifiers = on'],
    [`client_encoding = 'LATIN1'`],
    [`search_path = ''`],
    [`DateStyle = 'SQL, DMY'`],
    [`bytea_output = 'escape'`],
  ])('are kept and found where the database sets %s [proves E]', async (setting) => {
    const { database: opened, write } = await shop();
    const up = `CREATE TABLE public.t (text text); INSERT INTO public.t VALUES ('Gr\u00f6\u00dfe \\ \u20ac');`;
    await write({ '001_t.up.sql': up, '001_t.down.sql': 'DROP TABLE public.t;' });
    await plainly(`ALTER DATABASE ${database()} SET ${setting}`);
    expect(await opened.migrations!.check(io())).toEqual([]);
    expect(await opened.migrations!.up(['001_t'], 'r', io())).toEqual(['001_t']);
    expect(await opened.migrations!.status(io())).toEqual({ applied: ['001_t'], pending: [] });
    expect(await ask('SELECT text FROM public.t')).toEqual([{ text: 'Gr\u00f6\u00dfe \\ \u20ac' }]);
    expect(await opened.migrations!.down(['001_t'], 'r', io())).toEqual(['001_t']);
    expect(await opened.migrations!.status(io())).toEqual({ applied: [], pending: ['001_t'] });
  });

  test('are kept where the role takes on another one, whose the tables are, file after file', async () => {
    await plainly(
      `CREATE ROLE keeper; GRANT CREATE ON DATABASE ${database()} TO keeper; GRANT CREATE ON SCHEMA public TO keeper`,
    );
    const superuser = databases.url;
    const name = await asRole('IN ROLE keeper');
    await query(superuser, `ALTER ROLE ${name} SET role = keeper`);
    const { database: opened, write } = await shop();
    const more = {
      '002_lines.up.sql': 'RESET ROLE; CREATE TABLE lines ();',
      '002_lines.down.sql': 'DROP TABLE lines;',
    };
    await write({ ...ORDERS, ...more, '003_x.up.sql': 'CREATE TABLE x ();', '003_x.down.sql': 'DROP TABLE x;' });
    await opened.migrations!.up(['001_orders', '002_lines', '003_x'], 'r', io());
    const owners = await ask<{ owner: string }>(
      `SELECT DISTINCT tableowner AS owner FROM pg_tables WHERE tablename IN ('orders', 'lines', 'x', 'migrations')`,
    );
    expect(owners).toEqual([{ owner: 'keeper' }]);
    expect((await opened.migrations!.status(io()))?.applied).toEqual(['001_orders', '002_lines', '003_x']);
  });
});

describe('the place of the records', () => {
  test('is told to be missing where the role may not make it, with statements that help [proves E]', async () => {
    const owner = databases.url;
    await query(owner, 'GRANT ALL ON SCHEMA public TO PUBLIC');
    await asRole();
    const { database: opened, write } = await shop();
    await write(ORDERS);
    const [mistake] = await opened.migrations!.check(io());
    const advice = /GRANT CREATE ON DATABASE \S+ TO \S+, or as its owner (CREATE SCHEMA .*)$/.exec(mistake ?? '');
    await query(owner, advice![1]!);
    expect(await opened.migrations!.check(io())).toEqual([]);
    expect(await opened.migrations!.up(['001_orders'], 'r', io())).toEqual(['001_orders']);
  });

  test('is told to be closed where another role has made it, with the statements that open it [proves E, F]', async () => {
    const first = await shop();
    await first.write(ORDERS);
    await first.database.migrations!.up(['001_orders'], 'r', io());
    const owner = databases.url;
    await query(owner, 'GRANT ALL ON SCHEMA public TO PUBLIC');
    await asRole();
    const second = await shop(BILLING);
    await second.write({ '001_b.up.sql': 'CREATE TABLE b ();', '001_b.down.sql': 'DROP TABLE b;' });
    const [mistake] = await second.database.migrations!.check(io());
    await expect(second.database.migrations!.status(io())).rejects.toMatchObject({ name: 'ConfigurationFailure' });
    await query(owner, /seen that it is not; (GRANT .*)$/.exec(mistake ?? '')![1]!);
    expect(await second.database.migrations!.check(io())).toEqual([]);
    expect(await second.database.migrations!.up(['001_b'], 'r', io())).toEqual(['001_b']);
  });

  test('that somebody else has taken is left alone [proves E]', async () => {
    await plainly('CREATE SCHEMA spillway; CREATE TABLE spillway.migrations (id int)');
    const { database: opened, write } = await shop();
    await write(ORDERS);
    expect(await opened.migrations!.check(io())).toEqual([
      expect.stringMatching(/seen another table of that name; rename/),
    ]);
  });

  test('survives a migration that replaces the schema public [proves E]', async () => {
    const { database: opened, write } = await shop();
    const anew = {
      '002_anew.up.sql': 'DROP SCHEMA public CASCADE; CREATE SCHEMA public;',
      '002_anew.down.sql': 'SELECT 1;',
    };
    await write({ ...ORDERS, ...anew });
    await opened.migrations!.up(['001_orders', '002_anew'], 'r', io());
    expect((await opened.migrations!.status(io()))?.applied).toEqual(['001_orders', '002_anew']);
  });
});
