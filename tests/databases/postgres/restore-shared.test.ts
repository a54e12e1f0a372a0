import { randomBytes } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Client } from 'pg';
import { takeCatalogue } from '../../../databases/postgres/catalogue';
import { withClient } from '../../../databases/postgres/connection';
import { parsePostgresUrl } from '../../../databases/postgres/server';
import { query } from '../../support/postgres';
import { Databases, io, SHOP, type Project } from '../database-context';

const databases = new Databases('own');
let shop: Project;
let dump: string;
beforeEach(async () => {
  shop = await databases.project({ onRollback: 'restore', lockTimeout: '2s' });
  dump = join(shop.directory, 'backups', 'shop.dump');
});

const sql = (text: string) => query(databases.url, text);
const save = () => shop.database.dump!(dump, io());
const restore = () => shop.database.restore!.from(dump, io());

describe('two apps in one database', () => {
  const migration = (name: string) => ({
    [`${name}.up.sql`]: `CREATE TABLE ${name} (id int);`,
    [`${name}.down.sql`]: `DROP TABLE ${name};`,
  });

  test.each([
    ['another app', { app: 'blog', environment: 'production' }],
    ['another environment of the same app', { app: SHOP.app, environment: 'staging' }],
  ])('with records of %s is never restored, and preflight says so', async (_what, scope) => {
    const other = await databases.project({}, scope);
    await shop.write(migration('orders'));
    await save();
    await shop.database.migrations!.up(['orders'], 'r1', io());
    expect(await shop.database.restore!.mistakes(io())).toEqual([]);
    await other.write(migration('posts'));
    await other.database.migrations!.up(['posts'], 'r2', io());
    const who = new RegExp(`migrations of ${scope.app}/${scope.environment}\\. Give each app`);
    expect(await shop.database.restore!.mistakes(io())).toEqual([expect.stringMatching(who)]);
    await expect(restore()).rejects.toThrow(who);
    expect(await databases.tables()).toEqual(['orders', 'posts']);
  });

  describe('with records that an older version made for another app', () => {
    const FILES = { directory: 'migrations' };
    const COMMAND = { status: ['true'], up: ['true', '{to}'], down: ['true', '{to}'] };
    const LATER = 'expected the database to be that of shop/production alone';

    /** The other app, as an older version left it; its records stand in `schema`. */
    async function blog(schema: string): Promise<void> {
      await sql(`CREATE SCHEMA IF NOT EXISTS ${schema}; CREATE TABLE posts (id int); INSERT INTO posts SELECT generate_series(1, 1000);
        CREATE TABLE ${schema}.spillway_migrations (name text PRIMARY KEY, checksum text NOT NULL, applied_at timestamptz, release text NOT NULL,
          down text, started_at timestamptz NOT NULL DEFAULT clock_timestamp());
        INSERT INTO ${schema}.spillway_migrations VALUES ('001_posts', 'x', now(), 'b1', NULL)`);
    }

    test.each([
      ['an app that took its own over long ago', FILES, 'public'],
      ['an app with records in another schema', FILES, 'blog'],
      ['an app with a migration tool of its own', COMMAND, 'public'],
      ['an app without migrations', undefined, 'public'],
    ])('the database of %s is never restored, and preflight says so [proves F]', async (_what, migrations, schema) => {
      const settled = await databases.project();
      await settled.write(migration('orders'));
      if (migrations === FILES) await settled.database.migrations!.up(['orders'], 'r1', io());
      await blog(schema);
      const app = await databases.project({ onRollback: 'restore', migrations });
      if (migrations === FILES) await app.write(migration('orders'));
      const why = new RegExp(`^${LATER}.* the records of 001_posts in ${schema}\\.spillway_migrations`);
      expect(await app.database.restore!.mistakes(io())).toEqual([expect.stringMatching(why)]);
      await app.database.dump!(dump, io());
      await sql('INSERT INTO posts VALUES (1001)');
      await expect(app.database.restore!.from(dump, io())).rejects.toThrow(why);
      expect(await sql('SELECT count(*)::int AS n FROM posts')).toEqual([{ n: 1_001 }]);

      // As docs/databases.md says, when they are this app's and left over:
      await sql(`DELETE FROM ${schema}.spillway_migrations WHERE name = '001_posts'`);
      expect(await app.database.restore!.mistakes(io())).toEqual([]);
      await app.database.restore!.from(dump, io());
    });

    test('those that this app takes over itself hinder no restore, before and after it has', async () => {
      await blog('public');
      const app = await databases.project({ onRollback: 'restore' }, { ...SHOP, releases: ['b1'] });
      await app.write(migration('orders'));
      expect(await app.database.restore!.mistakes(io())).toEqual([]);
      await app.database.dump!(dump, io());
      await app.database.restore!.from(dump, io());
      await app.database.migrations!.up(['orders'], 'r1', io());
      expect(await app.database.restore!.mistakes(io())).toEqual([]);
      await app.database.restore!.from(dump, io());
      expect(await databases.tables()).toEqual(['posts', 'spillway_migrations']);
    });
  });

  test.each([
    ['a table', 'CREATE TABLE posts (id int); ALTER TABLE posts OWNER TO blog', /table public\.posts of blog/],
    ['a schema', 'CREATE SCHEMA blog AUTHORIZATION blog', /schema blog of blog/],
    [
      'a function',
      'CREATE FUNCTION f() RETURNS int LANGUAGE sql AS $$SELECT 1$$; ALTER FUNCTION f() OWNER TO blog',
      /function public\.f\(\) of blog/,
    ],
    ['a large object', 'SELECT lo_create(4711); ALTER LARGE OBJECT 4711 OWNER TO blog', /large objects of blog/],
    [
      'an event trigger',
      `CREATE FUNCTION e() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN END'; CREATE EVENT TRIGGER e ON sql_drop EXECUTE FUNCTION e(); CREATE ROLE chief SUPERUSER; ALTER EVENT TRIGGER e OWNER TO chief`,
      /event trigger e of chief/,
    ],
  ])('with %s of another role is never restored, and preflight says so', async (_what, made, who) => {
    await sql('CREATE TABLE orders (id int)');
    await save();
    await sql(`DO $$ BEGIN CREATE ROLE blog; EXCEPTION WHEN duplicate_object THEN END $$`);
    await sql(made);
    expect(await shop.database.restore!.mistakes(io())).toEqual([expect.stringMatching(who)]);
    await expect(restore()).rejects.toThrow(who);
  });

  test('roles in database.owners are this app, too', async () => {
    await sql(
      `CREATE ROLE shop_owner; CREATE SCHEMA shop AUTHORIZATION shop_owner; CREATE TABLE shop.orders (id int); ALTER TABLE shop.orders OWNER TO shop_owner`,
    );
    const owned = await databases.project({ onRollback: 'restore', owners: ['shop_owner'] });
    expect(await owned.database.restore!.mistakes(io())).toEqual([]);
    const file = join(owned.directory, 'owned.dump');
    await owned.database.dump!(file, io());
    await sql(
      'CREATE TABLE shop.later (id int); ALTER TABLE shop.later OWNER TO shop_owner; ALTER TABLE shop.orders OWNER TO postgres',
    );
    await owned.database.restore!.from(file, io());
    expect(
      await sql(
        `SELECT relname AS name, relowner::regrole::text AS owner FROM pg_class WHERE relnamespace = 'shop'::regnamespace`,
      ),
    ).toEqual([{ name: 'orders', owner: 'shop_owner' }]);
  });
});

describe('a restore beside a session with temporary things', () => {
  const TEMPORARY = `CREATE TEMP TABLE tm (id int); CREATE TYPE pg_temp.tt AS (a int);
    CREATE FUNCTION pg_temp.f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN new; END';
    CREATE TRIGGER tr BEFORE INSERT ON tm FOR EACH ROW EXECUTE FUNCTION pg_temp.f(); COMMENT ON TRIGGER tr ON tm IS 'x';
    CREATE RULE ru AS ON DELETE TO tm DO INSTEAD NOTHING; CREATE POLICY po ON tm; COMMENT ON POLICY po ON tm IS 'x';
    CREATE STATISTICS st ON id, (id + 1) FROM tm`;
  const rowsOf = async () =>
    (
      JSON.parse(await readFile(`${dump}.catalogue.json`, 'utf8')) as {
        rows: { name: string; id: string; state: string }[];
      }
    ).rows;

  test('takes no notice of them, neither at the dump nor afterwards [proves C]', async () => {
    await sql('CREATE TABLE orders (id int)');
    const other = new Client({ connectionString: databases.url });
    await other.connect();
    try {
      await other.query(TEMPORARY);
      await save();
      expect((await rowsOf()).filter(({ name }) => name.includes('pg_temp'))).toEqual([]);
    } finally {
      await other.end();
    }
    await sql('CREATE TABLE later (id int)');
    await restore();
    const another = new Client({ connectionString: databases.url });
    await another.connect();
    try {
      await another.query(TEMPORARY);
      await sql('CREATE TABLE later (id int)');
      await restore();
      expect((await another.query('SELECT count(*)::int AS n FROM tm')).rows).toEqual([{ n: 0 }]);
    } finally {
      await another.end();
    }
    expect(await databases.tables()).toEqual(['orders']);
  });

  test('takes no notice of them where an older version has written them down at the dump [proves C]', async () => {
    await sql('CREATE TABLE orders (id int)');
    await save();
    const catalogue = JSON.parse(await readFile(`${dump}.catalogue.json`, 'utf8')) as { rows: object[] };
    catalogue.rows.push({ name: 'trigger tt on pg_temp_3.tm', id: 'none', state: 'x' });
    await writeFile(`${dump}.catalogue.json`, JSON.stringify(catalogue));
    await sql('CREATE TABLE later (id int)');
    await restore();
    expect(await databases.tables()).toEqual(['orders']);
  });
});

describe('a restore by an ordinary role', () => {
  /** A role that owns the database and is no superuser, and a project that connects as it. */
  async function ordinary(): Promise<{ role: string; app: Project; own: (text: string) => Promise<object[]> }> {
    const role = `plain_${randomBytes(4).toString('hex')}`;
    await sql(`CREATE ROLE ${role} LOGIN PASSWORD 'pass'`);
    await sql(`DO $$ BEGIN EXECUTE format('ALTER DATABASE %I OWNER TO ${role}', current_database()); END $$`);
    const chief = databases.url;
    databases.url = chief.replace(/\/\/[^@]+@/, `//${role}:pass@`);
    const url = databases.url;
    const app = await databases.project({ onRollback: 'restore' });
    databases.url = chief;
    return { role, app, own: (text) => query(url, text) };
  }

  test.each(['INSERT', 'DELETE'])(
    'leaves the table of an extension alone in which it may only %s [proves C]',
    async (right) => {
      const { role, app, own } = await ordinary();
      await sql(`CREATE EXTENSION hstore; CREATE TABLE kept (id int); INSERT INTO kept VALUES (1); ALTER EXTENSION hstore ADD TABLE kept;
      UPDATE pg_extension SET extconfig = ARRAY['kept'::regclass::oid], extcondition = ARRAY[''] WHERE extname = 'hstore';
      GRANT SELECT, ${right} ON kept TO ${role}`);
      await own('CREATE TABLE orders (id int)');
      await app.database.dump!(dump, io());
      await own('CREATE TABLE later (id int)');
      await app.database.restore!.from(dump, io());
      expect(await sql('SELECT id FROM kept')).toEqual([{ id: 1 }]);
      expect(await databases.tables()).toEqual(['kept', 'orders']);
    },
  );

  test.each([['a cast', 'CREATE CAST (varchar AS jsonb) WITH INOUT AS ASSIGNMENT']])(
    'leaves %s of an administrator alone [proves C]',
    async (_what, made) => {
      const { app, own } = await ordinary();
      await sql(made);
      await own('CREATE TABLE orders (id int)');
      expect(await app.database.restore!.mistakes(io())).toEqual([]);
      await app.database.dump!(dump, io());
      await own('CREATE TABLE later (id int)');
      await app.database.restore!.from(dump, io());
      expect(await databases.tables()).toEqual(['orders']);
      expect(await sql('SELECT count(*)::int AS n FROM pg_cast WHERE oid >= 16384')).toEqual([{ n: 1 }]);
    },
  );
});

test('what a database holds is asked without compiling the questions, which takes longer while everything is locked [proves C]', async () => {
  const server = parsePostgresUrl(databases.url);
  const rows = await withClient(server, io(), async (client) => {
    await client.query('SET jit = on; SET jit_above_cost = 0; BEGIN READ ONLY');
    await takeCatalogue(client);
    return (await client.query('SHOW jit')).rows as object[];
  });
  expect(rows).toEqual([{ jit: 'off' }]);
});
