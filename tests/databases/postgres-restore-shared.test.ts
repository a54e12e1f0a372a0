import { join } from 'node:path';
import { query } from '../support/postgres';
import { Databases, io, SHOP, type Project } from './database-context';

const databases = new Databases();
let shop: Project;
let dump: string;
beforeEach(async () => {
  shop = await databases.project({ onRollback: 'restore', lockTimeout: '2s' });
  dump = join(shop.directory, 'backups', 'shop.dump');
});

const sql = (text: string) => query(databases.url, text);
const save = () => shop.database.dump(dump, io());
const restore = () => shop.database.restore(dump, io());

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
    await shop.database.migrateUp(['orders'], 'r1', io());
    expect(await shop.database.restoreMistakes(io())).toEqual([]);
    await other.write(migration('posts'));
    await other.database.migrateUp(['posts'], 'r2', io());
    const who = new RegExp(`migrations of ${scope.app}/${scope.environment}\\. Give each app`);
    expect(await shop.database.restoreMistakes(io())).toEqual([expect.stringMatching(who)]);
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
      if (migrations === FILES) await settled.database.migrateUp(['orders'], 'r1', io());
      await blog(schema);
      const app = await databases.project({ onRollback: 'restore', migrations });
      if (migrations === FILES) await app.write(migration('orders'));
      const why = new RegExp(`^${LATER}.* the records of 001_posts in ${schema}\\.spillway_migrations`);
      expect(await app.database.restoreMistakes(io())).toEqual([expect.stringMatching(why)]);
      await app.database.dump(dump, io());
      await sql('INSERT INTO posts VALUES (1001)');
      await expect(app.database.restore(dump, io())).rejects.toThrow(why);
      expect(await sql('SELECT count(*)::int AS n FROM posts')).toEqual([{ n: 1_001 }]);

      // As docs/databases.md says, when they are this app's and left over:
      await sql(`DELETE FROM ${schema}.spillway_migrations WHERE name = '001_posts'`);
      expect(await app.database.restoreMistakes(io())).toEqual([]);
      await app.database.restore(dump, io());
    });

    test('those that this app takes over itself hinder no restore, before and after it has', async () => {
      await blog('public');
      const app = await databases.project({ onRollback: 'restore' }, { ...SHOP, releases: ['b1'] });
      await app.write(migration('orders'));
      expect(await app.database.restoreMistakes(io())).toEqual([]);
      await app.database.dump(dump, io());
      await app.database.restore(dump, io());
      await app.database.migrateUp(['orders'], 'r1', io());
      expect(await app.database.restoreMistakes(io())).toEqual([]);
      await app.database.restore(dump, io());
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
    expect(await shop.database.restoreMistakes(io())).toEqual([expect.stringMatching(who)]);
    await expect(restore()).rejects.toThrow(who);
  });

  test('roles in database.owners are this app, too', async () => {
    await sql(
      `CREATE ROLE shop_owner; CREATE SCHEMA shop AUTHORIZATION shop_owner; CREATE TABLE shop.orders (id int); ALTER TABLE shop.orders OWNER TO shop_owner`,
    );
    const owned = await databases.project({ onRollback: 'restore', owners: ['shop_owner'] });
    expect(await owned.database.restoreMistakes(io())).toEqual([]);
    const file = join(owned.directory, 'owned.dump');
    await owned.database.dump(file, io());
    await sql(
      'CREATE TABLE shop.later (id int); ALTER TABLE shop.later OWNER TO shop_owner; ALTER TABLE shop.orders OWNER TO postgres',
    );
    await owned.database.restore(file, io());
    expect(
      await sql(
        `SELECT relname AS name, relowner::regrole::text AS owner FROM pg_class WHERE relnamespace = 'shop'::regnamespace`,
      ),
    ).toEqual([{ name: 'orders', owner: 'shop_owner' }]);
  });
});
