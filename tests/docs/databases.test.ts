import { execFile } from 'node:child_process';
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Databases, io } from '../databases/database-context';
import { query } from '../support/postgres';

const run = promisify(execFile);
const databases = new Databases('own');

/** Runs a block of the page, as somebody would who copies it into a shell in the folder of the backups. */
async function follow(name: string, folder: string, url = databases.url): Promise<string> {
  const page = await readFile(join(__dirname, '../../docs/databases.md'), 'utf8');
  const block = new RegExp(`^\`\`\`sh ${name}\\n(.*?)^\`\`\`$`, 'ms').exec(page)?.[1];
  if (!block) throw new Error(`expected a block "sh ${name}" in the page`);
  const env = { ...process.env, BACKUP: 'backup_20261121_101500', DATABASE_URL: url };
  return (await run('sh', ['-euc', block], { cwd: folder, env })).stdout;
}

const BEFORE = `
CREATE EXTENSION pgcrypto;
CREATE SCHEMA app;
CREATE TYPE mood AS ENUM ('happy', 'sad');
CREATE DOMAIN app.short AS text CHECK (length(VALUE) < 9);
CREATE TABLE people (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, name app.short, feeling mood DEFAULT 'happy',
  shout text GENERATED ALWAYS AS (upper(name)) STORED, EXCLUDE (name WITH =));
COMMENT ON TABLE people IS 'who';
CREATE TABLE app.days (day date, what text, PRIMARY KEY (day)) PARTITION BY RANGE (day);
CREATE TABLE app.days_1 PARTITION OF app.days FOR VALUES FROM ('2020-01-01') TO ('2021-01-01');
CREATE TABLE app.days_rest PARTITION OF app.days DEFAULT;
CREATE VIEW names AS SELECT name FROM people;
CREATE VIEW app.more AS SELECT name, 1 AS one FROM names;
CREATE MATERIALIZED VIEW counted AS SELECT count(*) FROM people;
CREATE UNIQUE INDEX ON counted (count);
CREATE FUNCTION app.double(int) RETURNS int LANGUAGE sql AS 'SELECT $1 * 2';
CREATE PROCEDURE tidy() LANGUAGE sql AS 'SELECT 1';
CREATE AGGREGATE app.total(int) (sfunc = int4pl, stype = int, initcond = '0');
CREATE FUNCTION stamp() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
CREATE TRIGGER stamp BEFORE INSERT ON people FOR EACH ROW EXECUTE FUNCTION stamp();
ALTER TABLE people ENABLE ROW LEVEL SECURITY;
CREATE POLICY mine ON people USING (name <> 'x');
CREATE COLLATION german (provider = icu, locale = 'de');
CREATE PUBLICATION news FOR TABLE people;
CREATE EXTENSION postgres_fdw;
CREATE SERVER far FOREIGN DATA WRAPPER postgres_fdw OPTIONS (host 'db.invalid');
CREATE USER MAPPING FOR CURRENT_USER SERVER far;
CREATE FOREIGN TABLE far_away (id int) SERVER far;
CREATE FUNCTION noticed() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN END';
CREATE EVENT TRIGGER noticed ON ddl_command_end EXECUTE FUNCTION noticed();
CREATE FUNCTION said(mood) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT 1';
CREATE CAST (mood AS int) WITH FUNCTION said(mood);
CREATE CONVERSION app.latin FOR 'UTF8' TO 'LATIN1' FROM utf8_to_iso8859_1;
CREATE OPERATOR FAMILY numbers USING btree;
CREATE OPERATOR CLASS numbers FOR TYPE int USING btree FAMILY numbers AS OPERATOR 1 <, OPERATOR 2 <=, OPERATOR 3 =,
  OPERATOR 4 >=, OPERATOR 5 >, FUNCTION 1 btint4cmp(int, int);
CREATE TEXT SEARCH TEMPLATE plain (LEXIZE = dsimple_lexize);
CREATE TEXT SEARCH PARSER words (START = prsd_start, GETTOKEN = prsd_nexttoken, END = prsd_end, LEXTYPES = prsd_lextype);
CREATE ACCESS METHOD rows TYPE TABLE HANDLER heap_tableam_handler;
CREATE TABLE in_rows (id int) USING rows;
CREATE TYPE unfinished;
INSERT INTO people (name) VALUES ('ann'), ('bob');
INSERT INTO app.days VALUES ('2020-05-05', 'may'), ('2022-01-01', 'later');
REFRESH MATERIALIZED VIEW counted;
SELECT lo_from_bytea(0, 'large');
`;

const LATER: Record<string, string> = {
  'a foreign key': 'CREATE TABLE child (person int REFERENCES people); INSERT INTO child VALUES (1);',
  'a partitioned table': `CREATE TABLE parts (id int PRIMARY KEY, person int REFERENCES people) PARTITION BY HASH (id);
    CREATE TABLE parts_0 PARTITION OF parts FOR VALUES WITH (MODULUS 1, REMAINDER 0);`,
  'another partition': `CREATE TABLE app.days_2 PARTITION OF app.days FOR VALUES FROM ('2023-01-01') TO ('2024-01-01');`,
  'views on older tables': `CREATE VIEW later AS SELECT * FROM people; CREATE MATERIALIZED VIEW later_m AS SELECT * FROM app.more;`,
  'another type of a column': 'ALTER TABLE people ALTER COLUMN id TYPE bigint; ALTER TYPE mood ADD VALUE $$angry$$;',
  'a renamed table': 'ALTER TABLE people RENAME TO persons; ALTER TABLE app.days SET SCHEMA public;',
  'dropped tables': 'DROP TABLE people CASCADE; DROP SCHEMA app CASCADE; DROP EXTENSION pgcrypto;',
  'the schema public dropped': 'DROP SCHEMA public CASCADE;',
  'a schema and an extension': `CREATE SCHEMA extra; CREATE EXTENSION hstore SCHEMA extra; CREATE TABLE extra.bags (bag extra.hstore);
    CREATE EXTENSION citext; ALTER TABLE people ADD COLUMN mail citext;`,
  'functions, operators and types': `CREATE FUNCTION app.triple(mood) RETURNS int LANGUAGE sql AS 'SELECT 3';
    CREATE OPERATOR app.=== (leftarg = int, rightarg = int, function = int4eq);
    CREATE TYPE pair AS (a int, b mood); CREATE TYPE app.span AS RANGE (subtype = date);
    CREATE TABLE uses (a pair, b app.span);`,
  'odd names':
    'CREATE SCHEMA "Odd ""Name"""; CREATE TABLE "Odd ""Name"""."T; x" (a int); CREATE TABLE public."select" (a int);',
  'policies, sequences and rules': `CREATE POLICY later ON people USING (true); CREATE SEQUENCE numbers OWNED BY people.id;
    CREATE RULE quiet AS ON DELETE TO people DO INSTEAD NOTHING; CREATE STATISTICS st ON id, name FROM people;`,
};

const SNAPSHOT = `SELECT json_build_object(
  'relations', (SELECT json_agg(format('%s %s', relkind, oid::regclass) ORDER BY 1) FROM (SELECT relkind, oid, relname FROM pg_class
     WHERE relnamespace::regnamespace::text !~ '^(pg_|information)' ORDER BY relkind, relnamespace::regnamespace::text, relname) c),
  'types', (SELECT json_agg(x ORDER BY x) FROM (SELECT format('%s %s', typtype, oid::regtype) AS x FROM pg_type
     WHERE typnamespace::regnamespace::text !~ '^(pg_|information)' AND typelem = 0) t),
  'routines', (SELECT json_agg(x ORDER BY x) FROM (SELECT oid::regprocedure::text AS x FROM pg_proc
     WHERE pronamespace::regnamespace::text !~ '^(pg_|information)') t),
  'schemas', (SELECT json_agg(nspname ORDER BY nspname) FROM pg_namespace WHERE nspname !~ '^pg_t'),
  'extensions', (SELECT json_agg(extname ORDER BY extname) FROM pg_extension),
  'policies', (SELECT json_agg(polname ORDER BY polname) FROM pg_policy),
  'publications', (SELECT json_agg(pubname ORDER BY pubname) FROM pg_publication),
  'large', (SELECT count(*) FROM pg_largeobject_metadata)) AS seen`;

async function seen() {
  const rows = await query(databases.url, SNAPSHOT);
  const people = await query(databases.url, 'SELECT * FROM people ORDER BY id');
  const days = await query(databases.url, 'SELECT * FROM app.days ORDER BY day');
  const counted = await query(databases.url, 'SELECT * FROM counted');
  return { rows, people, days, counted };
}

describe('the page on databases', () => {
  it.each(Object.keys(LATER))('puts a backup back by hand although a migration made: %s [proves D]', async (what) => {
    const shop = await databases.project();
    await query(databases.url, BEFORE);
    const files = { '001_first.up.sql': 'CREATE TABLE first (id int);', '001_first.down.sql': 'DROP TABLE first;' };
    await shop.write({ ...files, '002_later.up.sql': LATER[what]!, '002_later.down.sql': 'SELECT 1;' });
    const migrations = shop.database.migrations!;
    await migrations.up(['001_first'], 'r1', io());
    const before = await seen();
    const folder = join(shop.directory, 'backups');
    await mkdir(folder);
    await shop.database.dump!(join(folder, 'database.dump'), io());
    await run('tar', ['-czf', 'backup_20261121_101500.tar.gz', 'database.dump'], { cwd: folder });
    await migrations.up(['002_later'], 'r2', io());

    expect(await follow('look-into-a-backup', folder)).toContain('TABLE public people');
    await follow('put-a-backup-back', folder);
    expect(await seen()).toEqual(before);
    expect(await migrations.status(io())).toEqual({ applied: ['001_first'], pending: ['002_later'] });
    expect(await migrations.up(['002_later'], 'r3', io())).toEqual(['002_later']);
  });
});
