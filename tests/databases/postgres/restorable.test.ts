import { randomBytes } from 'node:crypto';
import { Client } from 'pg';
import { query, startPostgres, type TestPostgres } from '../../support/postgres';
import { io, project, type Project } from '../database-context';
import { EVERY_CLASS } from '../every-class';

let postgres: TestPostgres;
let url: string;
let made: Project[];

beforeAll(async () => void (postgres = await startPostgres()));
afterAll(() => postgres?.stop());
beforeEach(async () => void ([url, made] = [await postgres.createDatabase(), []]));
afterEach(() => Promise.all(made.map((each) => each.remove())));

const chief = (text: string) => query(url, text);

async function open(to = url, overrides: Record<string, unknown> = {}): Promise<Project> {
  const opened = await project(to, { onRollback: 'restore', ...overrides });
  made.push(opened);
  return opened;
}

/** A role that owns the database, and is no superuser; what it does, and what keeps a restore of it from being done. */
async function ordinary(attributes = '') {
  const role = `shop_${randomBytes(4).toString('hex')}`;
  await chief(`CREATE ROLE ${role} LOGIN PASSWORD 'pass' ${attributes}`);
  await chief(`DO $$ BEGIN EXECUTE format('ALTER DATABASE %I OWNER TO ${role}', current_database()); END $$`);
  const own = new URL(url);
  [own.username, own.password] = [role, 'pass'];
  const shop = await open(own.href);
  return {
    role,
    shop,
    sql: (text: string) => query(own.href, text),
    mistakes: () => shop.database.restore!.mistakes(io()),
  };
}

const rehearse = (shop: Project) => shop.database.restore!.rehearse!(io());
const scratches = () => query(url, `SELECT datname FROM pg_database WHERE datname LIKE 'spillway_rehearsal_%'`);

describe('preflight of a restore finds nothing in the way', () => {
  test('of one object of every class, which a superuser can make again', async () => {
    await chief(EVERY_CLASS);
    const shop = await open();
    expect(await shop.database.restore!.mistakes(io())).toEqual([]);
    expect(await rehearse(shop)).toBe('rehearsed without data in a database of its own');
    expect(await scratches()).toEqual([]);
  }, 300_000);

  test('of what an ordinary owner has made, in a schema and with an extension of an administrator', async () => {
    const { role, shop, sql, mistakes } = await ordinary();
    await chief(`CREATE EXTENSION postgres_fdw; CREATE SCHEMA given; GRANT ALL ON SCHEMA given TO ${role}; CREATE SCHEMA extensions; CREATE EXTENSION hstore SCHEMA extensions;
      GRANT USAGE ON SCHEMA extensions TO ${role}; ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO ${role}; REVOKE ALL ON SCHEMA public FROM PUBLIC; GRANT USAGE ON SCHEMA public TO PUBLIC`);
    await sql(`CREATE EXTENSION citext; CREATE TABLE given.orders (id serial PRIMARY KEY, h extensions.hstore, c citext, s int GENERATED ALWAYS AS IDENTITY);
      CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN new; END'; CREATE TRIGGER f BEFORE INSERT ON given.orders FOR EACH ROW EXECUTE FUNCTION f();
      INSERT INTO given.orders (c) VALUES ('c'); ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO pg_monitor; CREATE SCHEMA own; CREATE PUBLICATION p FOR TABLE given.orders`);
    expect(await mistakes()).toEqual([]);
    expect(await rehearse(shop)).toMatch(/^dumped without data; not put back .* lacks CREATEDB$/);
    const dump = `${shop.directory}/backups/shop.dump`;
    await shop.database.dump!(dump, io());
    await sql(
      'CREATE TYPE given.later AS (a int); ALTER TABLE given.orders ADD l given.later; DROP EXTENSION citext CASCADE; DROP SCHEMA own; CREATE EXTENSION pgcrypto',
    );
    await shop.database.restore!.from(dump, io());
    expect(await sql('SELECT id, c::text FROM given.orders')).toEqual([{ id: 1, c: 'c' }]);
    expect(await sql('SELECT extname FROM pg_extension ORDER BY 1')).toEqual(
      ['citext', 'hstore', 'plpgsql', 'postgres_fdw'].map((extname) => ({ extname })),
    );
  }, 300_000);

  test('where a role may make databases, and rehearses in one of its own', async () => {
    const { shop, sql } = await ordinary('CREATEDB');
    await sql('CREATE TABLE orders (id int GENERATED ALWAYS AS IDENTITY)');
    expect(await rehearse(shop)).toBe('rehearsed without data in a database of its own');
    expect(await scratches()).toEqual([]);
  });

  test('and locks nothing that the live version needs', async () => {
    await chief('CREATE TABLE orders (id int PRIMARY KEY)');
    const live = new Client({ connectionString: url });
    await live.connect();
    try {
      await live.query('BEGIN; INSERT INTO orders VALUES (1); LOCK TABLE orders IN SHARE ROW EXCLUSIVE MODE');
      const shop = await open();
      expect(await shop.database.restore!.mistakes(io())).toEqual([]);
      expect(await rehearse(shop)).toMatch(/^rehearsed/);
      await live.query('ROLLBACK');
    } finally {
      await live.end();
    }
  });

  test('where the rollback does not restore', async () => {
    await chief('CREATE SCHEMA blog AUTHORIZATION pg_monitor');
    const shop = await open(url, { onRollback: 'keep' });
    expect(await shop.database.restore!.mistakes(io())).toEqual([]);
  });
});

describe('preflight of a restore tells', () => {
  test.each([
    [
      'an event trigger',
      `CREATE FUNCTION f() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN END'; CREATE EVENT TRIGGER e ON sql_drop EXECUTE FUNCTION f()`,
      /event trigger e/,
    ],
    ['a publication of all tables', 'CREATE PUBLICATION everything FOR ALL TABLES', /publication everything/],
    ['a foreign-data wrapper', 'CREATE FOREIGN DATA WRAPPER w', /foreign-data wrapper w/],
  ])('%s that a superuser made: it belongs to another role', async (_what, made, seen) => {
    const { mistakes } = await ordinary();
    await chief(made);
    expect(await mistakes()).toEqual(expect.arrayContaining([expect.stringMatching(seen)]));
  });

  test.each([
    [
      'a base type',
      `CREATE TYPE b; CREATE FUNCTION i(cstring) RETURNS b LANGUAGE internal IMMUTABLE STRICT AS 'int4in';
       CREATE FUNCTION o(b) RETURNS cstring LANGUAGE internal IMMUTABLE STRICT AS 'int4out'; CREATE TYPE b (INPUT = i, OUTPUT = o, LIKE = int4);
       CREATE CAST (b AS int) WITHOUT FUNCTION; ALTER FUNCTION i(cstring) OWNER TO ROLE; ALTER FUNCTION o(b) OWNER TO ROLE; ALTER TYPE b OWNER TO ROLE`,
      /cast \(public\.b AS integer\).*type public\.b/,
    ],
    [
      'an operator class',
      'CREATE OPERATOR CLASS o FOR TYPE int USING hash AS OPERATOR 1 =, FUNCTION 1 hashint4(int); ALTER OPERATOR CLASS o USING hash OWNER TO ROLE; ALTER OPERATOR FAMILY o USING hash OWNER TO ROLE',
      /operator class public\.o/,
    ],
    [
      'a function in C',
      `CREATE FUNCTION c() RETURNS language_handler LANGUAGE c AS '$libdir/plpgsql', 'plpgsql_call_handler'; ALTER FUNCTION c() OWNER TO ROLE`,
      /function public\.c\(\)/,
    ],
    [
      'a leakproof function',
      'CREATE FUNCTION l() RETURNS int LEAKPROOF LANGUAGE sql AS $$SELECT 1$$; ALTER FUNCTION l() OWNER TO ROLE',
      /function public\.l\(\)/,
    ],
    [
      'a text search template',
      'CREATE TEXT SEARCH TEMPLATE t (LEXIZE = dsimple_lexize)',
      /text search template public\.t/,
    ],
    ['an access method', 'CREATE ACCESS METHOD m TYPE TABLE HANDLER heap_tableam_handler', /access method m/],
  ])('%s, which its owner could not create again', async (_what, made, seen) => {
    const { role, mistakes } = await ordinary();
    await chief(made.replaceAll('ROLE', role));
    expect(await mistakes()).toEqual([
      expect.stringMatching(new RegExp(`no superuser, could not create again, seen .*${seen.source}`)),
    ]);
  });

  test('an extension that the role may drop and not create', async () => {
    const { role, mistakes } = await ordinary();
    await chief(`ALTER ROLE ${role} SUPERUSER`);
    const own = new URL(url);
    [own.username, own.password] = [role, 'pass'];
    await query(own.href, 'CREATE EXTENSION postgres_fdw');
    await chief(`ALTER ROLE ${role} NOSUPERUSER`);
    expect(await mistakes()).toEqual([
      expect.stringMatching(/create again each extension that it may drop, seen extension postgres_fdw/),
    ]);
  });

  test('row-level security that hides rows from the dump', async () => {
    const { sql, mistakes } = await ordinary();
    await sql(
      'CREATE TABLE orders (id int); ALTER TABLE orders ENABLE ROW LEVEL SECURITY; ALTER TABLE orders FORCE ROW LEVEL SECURITY',
    );
    expect(await mistakes()).toEqual([
      expect.stringMatching(
        /read all rows of every table, as a backup must, seen row-level security on .*orders: ALTER ROLE \S+ BYPASSRLS/,
      ),
    ]);
  });

  test('schemas in which the role may not create any more', async () => {
    const { role, sql, mistakes } = await ordinary();
    await chief(`CREATE SCHEMA given; GRANT ALL ON SCHEMA given TO ${role}`);
    await sql('CREATE TABLE given.orders (id int)');
    await chief(`REVOKE CREATE ON SCHEMA given FROM ${role}`);
    expect(await mistakes()).toEqual([
      expect.stringMatching(/CREATE on every schema in which it has something, seen schema given/),
    ]);
  });

  test('a role that owns nothing of what is there', async () => {
    const { mistakes } = await ordinary();
    await chief('CREATE TABLE orders (id int)');
    expect(await mistakes()).toEqual(
      expect.arrayContaining([
        expect.stringMatching(/table public\.orders of postgres.*add postgres to database\.owners/),
      ]),
    );
  });

  test('a role in database.owners that the user is no member of, or that is not there', async () => {
    const { shop, role } = await ordinary();
    await chief(`DO $$ BEGIN CREATE ROLE stranger; EXCEPTION WHEN duplicate_object THEN END $$`);
    const own = new URL(url);
    [own.username, own.password] = [role, 'pass'];
    const other = await open(own.href, { owners: ['stranger', 'nobody'] });
    expect(await other.database.restore!.mistakes(io())).toEqual([
      expect.stringMatching(/member of every role in database\.owners, seen nobody, stranger/),
    ]);
    expect(await shop.database.restore!.mistakes(io())).toEqual([]);
  });

  test.each([
    ['an index', 'CREATE INDEX i ON rates (rate(id))', /index public\.i/],
    ['a predicate', 'CREATE INDEX i ON rates (id) WHERE rate(id) > 0', /index public\.i/],
    [
      'a generated column',
      'ALTER TABLE rates ADD r int GENERATED ALWAYS AS (rate(id)) STORED',
      /generated column r of public\.rates/,
    ],
    ['a check', 'ALTER TABLE rates ADD CHECK (rate(id) > 0)', /check rates_id_check of public\.rates/],
    [
      'a domain',
      'CREATE DOMAIN d AS int CHECK (rate(value) > 0); ALTER TABLE rates ADD d d DEFAULT 1',
      /domain public\.d of column d/,
    ],
    ['a materialized view', 'CREATE MATERIALIZED VIEW m AS SELECT rate(id) FROM rates', /materialized view public\.m/],
  ])('names without a schema in a function that %s calls, which work until a restore', async (_what, made, seen) => {
    await chief(`CREATE TABLE rates (id int); INSERT INTO rates VALUES (1);
      CREATE FUNCTION rate(int) RETURNS int LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN RETURN (SELECT count(*) FROM rates); END $$; ${made}`);
    const shop = await open();
    expect(await shop.database.restore!.mistakes(io())).toEqual([
      expect.stringMatching(new RegExp(`${seen.source}.* without a search path.*relation "rates" does not exist`)),
    ]);
    await chief('ALTER FUNCTION rate(int) SET search_path = public');
    expect(await shop.database.restore!.mistakes(io())).toEqual([]);
  });

  test('a language that a dump does not hold whole, found by the rehearsal, which leaves nothing', async () => {
    await chief('CREATE LANGUAGE lang HANDLER plpgsql_call_handler');
    await expect(rehearse(await open())).rejects.toMatchObject({
      name: 'BackupFailure',
      message: expect.stringMatching(/where it was rehearsed, seen: .*extension "lang" is not available/s),
    });
    expect(await scratches()).toEqual([]);
  });

  test('more objects than one transaction may lock, and what to set', async () => {
    await chief('ALTER SYSTEM SET max_locks_per_transaction = 10');
    await postgres.halt();
    await postgres.start();
    try {
      await chief(
        `DO $$ BEGIN FOR i IN 1..32 LOOP FOR j IN 1..10 LOOP EXECUTE format('CREATE TABLE t%s_%s (id int)', i, j); END LOOP; COMMIT; END LOOP; END $$`,
      );
      const shop = await open();
      const [mistake] = await shop.database.restore!.mistakes(io());
      const [, needed, to] = /about (\d+),.*max_locks_per_transaction from 10 to (\d+)/.exec(mistake ?? '') ?? [];
      expect(Number(needed)).toBe(320 * 4);
      expect(Number(to)).toBeGreaterThan(10);
      await chief(`ALTER SYSTEM SET max_locks_per_transaction = ${to}`);
      await postgres.halt();
      await postgres.start();
      expect(await shop.database.restore!.mistakes(io())).toEqual([]);
      const dump = `${shop.directory}/backups/shop.dump`;
      await shop.database.dump!(dump, io());
      await shop.database.restore!.from(dump, io());
    } finally {
      await chief('ALTER SYSTEM RESET max_locks_per_transaction');
      await postgres.halt();
      await postgres.start();
    }
  }, 300_000);

  test.each([
    ['CREATE ROLE someone', /changes a role, which database\.onRollback: restore cannot put back/],
    ['GRANT pg_monitor TO someone', /changes the membership of a role/],
    ['ALTER ROLE someone SET work_mem = 1', /changes a setting of a role/],
    ['ALTER ROLE a RENAME TO b', /something of the server/],
    [`CREATE SUBSCRIPTION s CONNECTION '' PUBLICATION p WITH (connect = false)`, /changes a subscription/],
    [
      'CREATE TABLE t (id int); ALTER TABLE t OWNER TO blog',
      /gives something to blog, .* add blog to database\.owners/,
    ],
    ['CREATE SCHEMA s AUTHORIZATION blog', /gives something to blog/],
    ['ALTER FUNCTION f() OWNER TO blog', /gives something to blog/],
    ['SET ROLE blog; CREATE TABLE t (id int)', /gives something to blog/],
  ])('a pending migration with %s, which would outlive it', async (text, seen) => {
    const shop = await open();
    await shop.write({ '001_a.up.sql': `SELECT 1;\n${text};`, '001_a.down.sql': 'SELECT 1;' });
    expect(await shop.database.restore!.mistakes(io())).toEqual([
      expect.stringMatching(new RegExp(`001_a\\.up\\.sql:2: .*${seen.source}`)),
    ]);
  });

  test.each([
    'ALTER DATABASE shop SET work_mem = 1',
    'ALTER ROLE postgres IN DATABASE shop SET work_mem = 1',
    'CREATE SCHEMA s AUTHORIZATION CURRENT_USER',
    'SET ROLE NONE; ALTER TABLE t OWNER TO postgres',
    `COMMENT ON DATABASE shop IS 'x'`,
  ])('nothing about %s, which it puts back', async (text) => {
    const shop = await open();
    await shop.write({ '001_a.up.sql': `${text};`, '001_a.down.sql': 'SELECT 1;' });
    expect(await shop.database.restore!.mistakes(io())).toEqual([]);
  });

  test('nothing about pending migrations to whoever only reverts others [proves C]', async () => {
    const shop = await open();
    await shop.write({ '003_role.up.sql': 'CREATE ROLE someone;', '003_role.down.sql': 'DROP ROLE someone;' });
    expect(await shop.database.restore!.mistakes(io(), 'up')).toEqual([expect.stringMatching(/changes a role/)]);
    expect(await shop.database.restore!.mistakes(io(), 'down')).toEqual([]);
  });
});
