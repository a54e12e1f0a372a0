import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Client } from 'pg';
import { query } from '../../support/postgres';
import { Databases, databaseConfig, io, SHOP, type Project } from '../database-context';
import { EVERY_CLASS } from '../every-class';
import { until } from '../../support/until';

const ROOT = join(__dirname, '../../..');
const run = promisify(execFile);

const databases = new Databases();
let shop: Project;
let dump: string;
beforeEach(async () => {
  shop = await databases.project({ onRollback: 'restore', lockTimeout: '2s' });
  dump = join(shop.directory, 'backups', 'shop.dump');
});

const sql = (text: string) => query(databases.url, text);
const save = () => shop.database.dump!(dump, io());
const restore = (told = io()) => shop.database.restore!.from(dump, told);

/** How many rows each system catalogue has: the server's word, not ours. */
async function counts(): Promise<Record<string, number>> {
  const catalogues = await query<{ name: string }>(
    databases.url,
    `SELECT c.relname AS name FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'oid'
     WHERE c.relnamespace = 'pg_catalog'::regnamespace AND c.relkind = 'r' AND NOT c.relisshared`,
  );
  const all: Record<string, number> = {};
  const count = async (name: string, from: string) => {
    const [row] = await query<{ count: number }>(databases.url, `SELECT count(*)::int AS count FROM ${from}`);
    all[name] = row!.count;
  };
  for (const { name } of catalogues) await count(name, `pg_catalog.${name}`);
  for (const name of ['pg_description', 'pg_inherits', 'pg_ts_config_map', 'pg_seclabel'])
    await count(name, `pg_catalog.${name}`);
  await count(
    'settings',
    'pg_db_role_setting WHERE setdatabase = (SELECT oid FROM pg_database WHERE datname = current_database())',
  );
  await count('large objects', 'pg_largeobject');
  return all;
}

/** Privileges, comments and settings of what a dump does not hold. */
const surroundings = () => {
  const rights = (acl: string) => `(SELECT array_agg(a::text ORDER BY a::text) FROM unnest(coalesce(${acl})) a)`;
  return sql(`SELECT ${rights(`datacl, acldefault('d', datdba)`)} AS rights, shobj_description(d.oid, 'pg_database') AS comment,
      ${rights('nspacl')} AS schema, nspowner::regrole::text AS owner, obj_description(n.oid, 'pg_namespace') AS public,
      (SELECT ${rights('proacl')} FROM pg_proc WHERE oid = 'pg_read_file(text)'::regprocedure) AS reading,
      (SELECT json_agg(setconfig ORDER BY setrole) FROM pg_db_role_setting s WHERE s.setdatabase = d.oid) AS settings
    FROM pg_database d, pg_namespace n WHERE d.datname = current_database() AND n.nspname = 'public'`);
};

/** What pg_dump says of the schema: the other witness. */
async function schema(): Promise<string> {
  const { stdout } = await run('pg_dump', ['--schema-only', databases.url], { maxBuffer: 64 * 1024 * 1024 });
  return stdout.replace(/^\\(un)?restrict .*$/gm, '');
}

describe('a restore', () => {
  test('leaves nothing of any class of object that a migration made, so that the corrected release succeeds [proves C]', async () => {
    await shop.write({
      '001_all.up.sql': EVERY_CLASS,
      '001_all.down.sql': 'SELECT 1;',
      '002_bad.up.sql': 'SELECT 1 / 0;',
      '002_bad.down.sql': 'SELECT 1;',
    });
    const [before, around] = [await counts(), await surroundings()];
    await save();
    await expect(shop.database.migrations!.up(['001_all', '002_bad'], 'r1', io())).rejects.toThrow(/division by zero/);
    expect((await counts()).pg_event_trigger).toBe(1);
    await restore();
    expect(await counts()).toEqual(before);
    expect(await surroundings()).toEqual(around);
    await shop.write({ '002_bad.up.sql': 'SELECT 1;' });
    expect(await shop.database.migrations!.up(['001_all', '002_bad'], 'r2', io())).toEqual(['001_all', '002_bad']);
  }, 300_000);

  test('puts back every class of object that a migration dropped, with its data, privileges and settings [proves C]', async () => {
    await sql(EVERY_CLASS);
    const [before, around, text] = [await counts(), await surroundings(), await schema()];
    await save();
    await sql(`DROP EVENT TRIGGER forbids; DROP PUBLICATION everything, part, folder; DROP SCHEMA public, later, "we""ird S.x" CASCADE;
      CREATE SCHEMA public; DROP EXTENSION IF EXISTS pgcrypto, postgres_fdw CASCADE; DROP SERVER server CASCADE;
      DROP ACCESS METHOD method CASCADE; SELECT lo_unlink(oid) FROM pg_largeobject_metadata;
      COMMENT ON SCHEMA public IS 'other'; REVOKE EXECUTE ON FUNCTION pg_read_file(text) FROM pg_monitor`);
    await sql(`DROP LANGUAGE IF EXISTS lang CASCADE`);
    await restore();
    expect(await counts()).toEqual(before);
    expect(await surroundings()).toEqual(around);
    expect(await schema()).toBe(text);
    expect(await sql('SELECT id, a::text, p, e::text, v FROM public.one')).toEqual([
      { id: 1, a: 'x', p: 1, e: 'a', v: 'a' },
    ]);
    expect(await sql('SELECT lo_get(oid) AS data FROM pg_largeobject_metadata')).toEqual([
      { data: Buffer.from('data') },
    ]);
    expect(await sql('SELECT current_setting($$search_path$$) AS path, current_setting($$app.x$$) AS x')).toEqual([
      { path: 'later, public', x: "it's" },
    ]);
    await restore();
    expect(await counts()).toEqual(before);
  }, 300_000);

  test('drops identity columns with the sequences that belong to them [proves A]', async () => {
    await sql('CREATE TABLE old (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY); INSERT INTO old DEFAULT VALUES');
    await save();
    await sql('CREATE TABLE new (id bigint GENERATED BY DEFAULT AS IDENTITY, other serial, old int REFERENCES old)');
    await sql('INSERT INTO old DEFAULT VALUES');
    await restore();
    expect(await databases.tables()).toEqual(['old']);
    expect(await sql('INSERT INTO old DEFAULT VALUES RETURNING id')).toEqual([{ id: 2 }]);
  });

  test('knows the names of functions over the types of many tables before it drops any of them [proves B]', async () => {
    const many = Array.from({ length: 15 }, (_, n) => `t${n}`);
    await save();
    for (const name of many) {
      await sql(`CREATE TABLE ${name} (id int); CREATE FUNCTION f_${name}(a ${name}, b ${name}[]) RETURNS SETOF ${name} LANGUAGE sql AS 'SELECT $1';
        CREATE AGGREGATE a_${name}(${name}) (SFUNC = array_append, STYPE = ${name}[])`);
    }
    await restore();
    expect(await databases.tables()).toEqual([]);
    expect(await sql(`SELECT proname FROM pg_proc WHERE pronamespace = 'public'::regnamespace`)).toEqual([]);
  });

  test('takes a value list of varchar for what it was, although the server prints it otherwise afterwards', async () => {
    await sql(
      `CREATE TABLE states (v varchar(9) CHECK (v IN ('a', 'b')), w varchar(9) DEFAULT 'x' || 'y'); CREATE VIEW chosen AS SELECT * FROM states WHERE v IN ('a')`,
    );
    await save();
    await restore();
    expect(await databases.tables()).toEqual(['states']);
  });

  test('puts back the version of an extension that a migration updated, and keeps one that is as it was', async () => {
    await sql(`CREATE EXTENSION hstore VERSION '1.4'; CREATE EXTENSION pgcrypto; CREATE TABLE t (h hstore)`);
    const oid = () => sql(`SELECT oid FROM pg_extension WHERE extname = 'pgcrypto'`);
    const before = await oid();
    await save();
    await sql(
      `ALTER EXTENSION hstore UPDATE; CREATE EXTENSION citext; CREATE TABLE u (c citext); DROP EXTENSION plpgsql`,
    );
    await restore();
    expect(await sql(`SELECT extname AS name, extversion AS version FROM pg_extension ORDER BY 1`)).toMatchObject([
      { name: 'hstore', version: '1.4' },
      { name: 'pgcrypto' },
      { name: 'plpgsql' },
    ]);
    expect(await oid()).toEqual(before);
  });

  test.each(['LATIN1', 'SQL_ASCII', 'EUC_JP'])(
    'works in a database in %s, with names that are no ASCII',
    async (encoding) => {
      const name = new URL(databases.url).pathname.slice(1);
      const server = databases.url.replace(name, 'postgres');
      await query(server, `DROP DATABASE ${name}`);
      await query(
        server,
        `CREATE DATABASE ${name} TEMPLATE template0 ENCODING '${encoding}' LC_COLLATE 'C' LC_CTYPE 'C'`,
      );
      const word = encoding === 'EUC_JP' ? '注文' : 'größe';
      await sql(
        `CREATE SCHEMA "${word}"; CREATE TABLE "${word}"."${word}" ("${word}" text); INSERT INTO "${word}"."${word}" VALUES ('${word}')`,
      );
      await save();
      await sql(
        `CREATE TYPE "${word}2" AS ENUM ('${word}'); ALTER TABLE "${word}"."${word}" ADD t "${word}2"; CREATE SCHEMA "${word}3"`,
      );
      await restore();
      expect(await sql(`SELECT * FROM "${word}"."${word}"`)).toEqual([{ [word]: word }]);
      expect(await sql(`SELECT typname FROM pg_type WHERE typname LIKE '%2' AND typtype = 'e'`)).toEqual([]);
    },
  );

  test('is not led astray by settings of the role or the database', async () => {
    await sql(
      'CREATE SCHEMA x; CREATE TABLE orders (id int); CREATE FUNCTION x.now() RETURNS int LANGUAGE sql AS $$SELECT 1$$',
    );
    await save();
    await sql(`DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET search_path = x, pg_catalog', current_database());
      EXECUTE format('ALTER DATABASE %I SET default_transaction_read_only = on', current_database());
      EXECUTE format('ALTER DATABASE %I SET statement_timeout = 1', current_database());
      EXECUTE format('ALTER DATABASE %I SET quote_all_identifiers = on', current_database()); END $$`);
    await restore();
    expect(
      await sql(
        `SELECT setconfig FROM pg_db_role_setting s JOIN pg_database d ON d.oid = s.setdatabase WHERE datname = current_database()`,
      ),
    ).toEqual([]);
    expect(await databases.tables()).toEqual(['orders']);
  });
});

describe('a restore that cannot end well changes nothing', () => {
  test('when the last statement fails, also where there are large objects', async () => {
    // An index that works every day, and fails without a search path.
    await sql(`CREATE TABLE rates (id int); INSERT INTO rates VALUES (1); SELECT lo_from_bytea(0, 'data');
      CREATE FUNCTION rate(int) RETURNS int LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN RETURN (SELECT count(*) FROM rates); END $$;
      CREATE INDEX i ON rates (rate(id))`);
    await save();
    await sql('CREATE TABLE later (id int)');
    await expect(restore()).rejects.toMatchObject({
      name: 'BackupFailure',
      message: expect.stringMatching(/42P01.*"rates" does not exist/),
    });
    expect(await databases.tables()).toEqual(['later', 'rates']);
    expect(await sql('SELECT count(*)::int FROM pg_largeobject_metadata')).toEqual([{ count: 1 }]);
  });

  test('when what is there at the end is not what was there at the dump, which it lists', async () => {
    await sql('CREATE TABLE orders (id int); CREATE TABLE lines (id int)');
    await save();
    const file = `${dump}.catalogue.json`;
    const catalogue = JSON.parse(await readFile(file, 'utf8')) as { rows: { name: string; state: string }[] };
    const rows = catalogue.rows.filter(({ name }) => name !== 'table public.lines');
    rows.find(({ name }) => name === 'table public.orders')!.state = 'other';
    rows.push({ ...rows[0]!, name: 'cast of nothing', id: 'none' } as never);
    await writeFile(file, JSON.stringify({ ...catalogue, rows }));
    await sql('CREATE TABLE later (id int)');
    const failure = await restore().catch((error: Error) => error.message);
    expect(failure).toMatch(/table public\.lines would stay/);
    expect(failure).toMatch(/table public\.orders would differ/);
    expect(failure).toMatch(/cast of nothing would be missing/);
    expect(await databases.tables()).toEqual(['later', 'lines', 'orders']);
  });

  test('when its worker is killed in the middle; the next worker restores', async () => {
    await sql('CREATE TABLE first (id int); CREATE TABLE second (id int)');
    await save();
    await sql('CREATE TABLE later (id int)');
    const blocker = new Client({ connectionString: databases.url });
    await blocker.connect();
    try {
      // The first table is dropped, and then the restore waits for the second.
      await blocker.query('BEGIN; LOCK TABLE second');
      const worker = startRestore();
      await until(async () => (await sql(WAITING)).length === 1);
      worker.kill('SIGKILL');
      await once(worker, 'exit');
      expect(await databases.tables()).toEqual(['first', 'later', 'second']);
      await sql(
        `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name LIKE 'spillway tool%' AND datname = current_database()`,
      );
    } finally {
      await blocker.end();
    }
    expect(await databases.tables()).toEqual(['first', 'later', 'second']);
    await restore();
    expect(await databases.tables()).toEqual(['first', 'second']);
  }, 300_000);

  test('when the backup does not say what the database held', async () => {
    await save();
    await writeFile(`${dump}.catalogue.json`, '');
    await expect(restore()).rejects.toThrow(/expected .*shop\.dump\.catalogue\.json.*by hand with pg_restore/);
  });

  test('when data stands in the way, which neither message nor progress quotes [proves M]', async () => {
    await sql(`CREATE TABLE people (mail text); INSERT INTO people VALUES ('a@example.com'), ('b@example.com');
      CREATE FUNCTION key(mail text) RETURNS text LANGUAGE sql IMMUTABLE AS
        $$ SELECT CASE current_setting('search_path') WHEN '' THEN 'of ' || left(mail, 0) || 'someone' ELSE mail END $$;
      CREATE UNIQUE INDEX ON people (key(mail))`);
    await save();
    await sql('CREATE TABLE later (id int)');
    const told = io();
    const failure = await restore(told).catch((error: Error) => error.message);
    expect(failure).toMatch(/23505: could not create unique index/);
    expect(failure).not.toMatch(/of someone/);
    expect(told.said.join('\n')).not.toMatch(/of someone/);
    expect(await databases.tables()).toEqual(['later', 'people']);
  });
});

const WAITING = `SELECT 1 FROM pg_locks l JOIN pg_stat_activity a USING (pid) WHERE NOT l.granted AND a.application_name LIKE 'spillway tool%' AND a.datname = current_database()`;

/** A worker's process that restores. */
function startRestore(): ChildProcess {
  const program = `
    const { openDatabase } = require(${JSON.stringify(join(ROOT, 'databases/open.ts'))});
    const { config, directory, dump, scope } = JSON.parse(process.env.INPUT);
    const context = { url: process.env.URL, scope, releases: async () => new Set(), projectDirectory: directory, environment: process.env, variables: {}, redact: String };
    openDatabase(config, context).restore.from(dump, { signal: new AbortController().signal, onProgress: () => undefined });`;
  const config = databaseConfig({ lockTimeout: '60s' });
  const input = JSON.stringify({ config, directory: shop.directory, dump, scope: SHOP });
  const argv = ['--require', join(ROOT, 'tests/support/typescript.js'), '--eval', program];
  return spawn(process.execPath, argv, { env: { ...process.env, URL: databases.url, INPUT: input }, stdio: 'inherit' });
}
