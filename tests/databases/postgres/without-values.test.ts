import {
  messageWithoutValues,
  programWithoutValues,
  statementWithoutValues,
} from '../../../databases/postgres/without-values';
import { runProgram } from '../../../databases/run-program';
import { MigrationFailure } from '../../../domain/failures';
import { Databases, io } from '../database-context';

const databases = new Databases();
/** A part of every value below. */
const VALUE = /4111|hunter|sad|1e999|c3a9|2020-13/i;

const BASE = `
CREATE TABLE base (id int PRIMARY KEY, no text, mail text UNIQUE, feeling text, kind text CHECK (kind <> 'hunter-check'));
INSERT INTO base VALUES (1, '4111-1111', 'hunter@example.org', 'sad "hunter" day');
CREATE TYPE mood AS ENUM ('happy');
CREATE DOMAIN short AS text CHECK (length(VALUE) < 3);
CREATE TABLE parts (day date) PARTITION BY RANGE (day);
CREATE TABLE child (base int REFERENCES base);
`;

describe('a failed migration', () => {
  it.each<[statement: string, seen: RegExp]>([
    [
      'ALTER TABLE base ALTER COLUMN no TYPE bigint USING no::bigint',
      /22P02: invalid input syntax for type bigint: "…"/,
    ],
    [
      'ALTER TABLE base ALTER COLUMN feeling TYPE int USING feeling::int',
      /22P02: invalid input syntax for type integer: "…"/,
    ],
    [
      'ALTER TABLE base ALTER COLUMN feeling TYPE mood USING feeling::mood',
      /22P02: invalid input value for enum mood: "…"/,
    ],
    ['ALTER TABLE base ALTER COLUMN no TYPE uuid USING no::uuid', /22P02: invalid input syntax for type uuid: "…"/],
    ['ALTER TABLE base ALTER COLUMN no TYPE json USING feeling::json', /22P02: invalid input syntax for type json/],
    ['ALTER TABLE base ALTER COLUMN no TYPE int[] USING no::int[]', /22P02: malformed array literal: "…"/],
    ['ALTER TABLE base ALTER COLUMN no TYPE varchar(3)', /22001: value too long for type character varying\(3\)/],
    ["SELECT ('41' || '11111111111')::int", /22003: value "…" is out of range for type integer/],
    ["SELECT '1e999'::float8", /22003: "…" is out of range for type double precision/],
    ["SELECT '2020-13-01'::date", /22008: date\/time field value out of range: "…"/],
    ["SELECT to_date('sad', 'YYYY')", /22007: invalid value "…"/],
    [String.raw`SELECT convert_from('\xc3a9c3'::bytea, 'UTF8')`, /22021: invalid byte sequence for encoding "…": …/],
    [
      "SELECT convert_to('4111é', 'SQL_ASCII'), convert_to('€', 'LATIN1')",
      /22P05: character with byte sequence … in encoding "…"/,
    ],
    ["SELECT 'hunter' ~ '(hunter'", /2201B: invalid regular expression/],
    [
      "INSERT INTO base VALUES (2, '4111', 'hunter@example.org')",
      /23505: duplicate key value violates unique constraint "base_mail_key"/,
    ],
    ["INSERT INTO base VALUES (NULL, '4111', 'hunter')", /23502: null value in column "id" of relation "base"/],
    [
      "INSERT INTO base VALUES (5, '4111', 'hunter', 'sad', 'hunter-check')",
      /23514: new row for relation "base" violates check constraint/,
    ],
    ['INSERT INTO child VALUES (4111)', /23503: insert or update on table "child" violates foreign key constraint/],
    ["INSERT INTO parts VALUES ('2020-12-31')", /23514: no partition of relation "parts" found for row/],
    [
      'ALTER TABLE base ALTER COLUMN mail TYPE short',
      /23514: value for domain short violates check constraint "short_check"/,
    ],
    ["DO $$ BEGIN RAISE unique_violation USING MESSAGE = 'hunter has 4111'; END $$", /23505: a function raised it/],
    [
      "DO $$ BEGIN RAISE EXCEPTION 'sad: %', 'hunter' USING ERRCODE = '22023', HINT = 'hunter'; END $$",
      /22023: a function raised it/,
    ],
    ["DO $$ BEGIN PERFORM 'hunter'::int; END $$", /22P02: invalid input syntax for type integer: "…"/],
    ["UPDATE base SET no = 'hunter' WHERE nothing = '4111'", /42703: column "nothing" does not exist/],
  ])('tells no values of the data or of the statement: %s [proves M]', async (statement, seen) => {
    const shop = await databases.project();
    await shop.write({
      '001_base.up.sql': BASE,
      '001_base.down.sql': 'SELECT 1',
      '002_bad.up.sql': `-- hunter\n${statement};`,
    });
    await shop.write({ '002_bad.down.sql': 'SELECT 1' });
    const told = io();
    const failure = await shop.database
      .migrations!.up(['001_base', '002_bad'], 'r1', told)
      .catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(MigrationFailure);
    expect((failure as Error).message).toMatch(seen);
    expect((failure as Error).message).toMatch(/^002_bad\.up\.sql:2: «/);
    expect((failure as Error).message).not.toMatch(VALUE);
    expect(told.said.join('\n')).not.toMatch(VALUE);
  });

  it('tells words that a migration raises as they are, since somebody wrote them for people [proves M]', async () => {
    const shop = await databases.project();
    await shop.write({
      '001_a.up.sql': "DO $$ BEGIN RAISE EXCEPTION 'empty the table first'; END $$",
      '001_a.down.sql': 'SELECT 1',
    });
    await expect(shop.database.migrations!.up(['001_a'], 'r1', io())).rejects.toThrow(/P0001: empty the table first/);
  });
});

describe('a message of the server', () => {
  it.each([
    ['22008', 'date field value out of range: 2020-13-4111', 'date field value out of range: …'],
    ['22023', 'invalid value for parameter "TimeZone": "hunter"', 'invalid value for parameter "TimeZone": "…"'],
    ['22023', 'time zone "hunter" not recognized', 'time zone "…" not recognized'],
    ['42601', 'syntax error at or near "TABEL"', 'syntax error at or near "TABEL"'],
    ['42601', 'syntax error at or near ")"', 'syntax error at or near ")"'],
    ['42601', 'Syntaxfehler bei »TABEL«', 'Syntaxfehler bei »TABEL«'],
    ['42601', `syntax error at or near "'hunter'"`, 'syntax error at or near "…"'],
    [
      '42601',
      `unterminated quoted string at or near "'hunter\nINSERT INTO t VALUES (1)"`,
      'unterminated quoted string at or near "…"',
    ],
    [
      '42601',
      'unterminated dollar-quoted string at or near "$a$hunter"',
      'unterminated dollar-quoted string at or near "…"',
    ],
    ['42601', 'no operand in tsquery: "hunter"', 'no operand in tsquery: "…"'],
    ['42P01', 'relation "orders" does not exist', 'relation "orders" does not exist'],
  ])('%s: %s is told without values [proves M]', (code, message, seen) => {
    expect(messageWithoutValues(code, message)).toBe(seen);
  });
});

describe('statementWithoutValues', () => {
  it.each([
    [
      "INSERT INTO t (a, \"b'c\") VALUES ('it''s', 4111, -5.5, NULL)",
      "INSERT INTO t (a, \"b'c\") VALUES ('…', …, -…, NULL)",
    ],
    ["UPDATE t1 SET c2 = E'a\\'b' WHERE x = $tag$ a $b$ 'c' $tag$", "UPDATE t1 SET c2 = '…' WHERE x = '…'"],
    ["SELECT 'never ends", "SELECT '…'"],
    ['ALTER TABLE t ALTER COLUMN no TYPE numeric(10,2)', 'ALTER TABLE t ALTER COLUMN no TYPE numeric(10,2)'],
    [
      "ALTER TABLE t ALTER a SET DEFAULT 'x', ALTER b SET DEFAULT 41111",
      "ALTER TABLE t ALTER a SET DEFAULT '…', ALTER b SET DEFAULT …",
    ],
    ["CREATE ROLE a PASSWORD 'hunter22'", "CREATE ROLE a PASSWORD '…'"],
    ["/* it's */ SELECT 1", '  SELECT …'],
  ])('answers %s without values [proves M]', (sql, seen) => {
    expect(statementWithoutValues(sql)).toBe(seen);
  });
});

describe('what a program of PostgreSQL said', () => {
  it.each([
    [
      'psql:a.sql:3: ERROR:  22P02: invalid input syntax for type integer: "hunter"\nLINE 1: hunter\nCONTEXT:  COPY t, line 1: "hunter"',
      'psql:a.sql:3: ERROR:  22P02: invalid input syntax for type integer: "…"',
    ],
    [
      'pg_dump: error: query failed: ERROR:  query would be affected by row-level security policy for table "orders"',
      undefined,
    ],
    [
      'ERROR:  23505: could not create unique index "a"\nDETAIL:  Key (mail)=(hunter) is duplicated.',
      'ERROR:  23505: could not create unique index "a"',
    ],
    [
      'pg_restore: error: could not execute query: ERROR:  value too long\nCommand was: INSERT INTO t VALUES (1)',
      'pg_restore: error: could not execute query: ERROR:  value too long',
    ],
  ])('is told without values: %s [proves M]', (said, seen) => {
    expect(programWithoutValues(said)).toBe(seen ?? said);
  });

  const INTEGER = 'ERROR:  22P02: invalid input syntax for type integer';
  it.each([
    [
      'a value of several lines',
      `psql:/a b/rest.sql:3: ${INTEGER}: "4111\nhunter\n\nsad"\nLOCATION:  pg_strtoint32, numutils.c:320`,
      `psql:/a b/rest.sql:3: ${INTEGER}: "…"`,
    ],
    [
      'a value with lines that look like parts of a message',
      `psql:a.sql:3: ${INTEGER}: "x\nDETAIL:  hunter\nHINT:  sad\nERROR:  42P01: 4111"`,
      `psql:a.sql:3: ${INTEGER}: "…"`,
    ],
    [
      'a value with one quote in it',
      `psql:a.sql:3: ${INTEGER}: "5" hunter\nsad"\nLINE 1: SELECT 4111`,
      `psql:a.sql:3: ${INTEGER}: "…"`,
    ],
    [
      'a number, but with what the server says of it',
      'psql:a.sql:3: ERROR:  22003: value "4111" is out of range for type integer\nLINE 1: SELECT "a", \'4111',
      'psql:a.sql:3: ERROR:  22003: value "…" is out of range for type integer',
    ],
    [
      'a value of a setting',
      'psql:a.sql:3: ERROR:  22023: invalid value for parameter "TimeZone": "hunter\nsad"\nHINT:  4111',
      'psql:a.sql:3: ERROR:  22023: invalid value for parameter "TimeZone": "…"',
    ],
    [
      'a row of several lines',
      'ERROR:  23514: new row for relation "t" violates check constraint "c"\nDETAIL:  Failing row contains (1, a\nhunter\n4111).\nTABLE NAME:  t',
      'ERROR:  23514: new row for relation "t" violates check constraint "c"\nTABLE NAME:  t',
    ],
    [
      'what the server was doing, over several lines',
      'psql:a.sql:3: ERROR:  P0001: empty the table first\nCONTEXT:  SQL statement "INSERT INTO t\nVALUES (\'hunter\')"\nPL/pgSQL function a() line 3',
      'psql:a.sql:3: ERROR:  P0001: empty the table first',
    ],
    [
      'a statement of several lines',
      "pg_restore: error: could not execute query: ERROR:  value too long\nCommand was: INSERT INTO t\nVALUES ('hunter');\npg_restore: warning: errors ignored on restore: 1",
      'pg_restore: error: could not execute query: ERROR:  value too long\npg_restore: warning: errors ignored on restore: 1',
    ],
    [
      'a server that speaks German',
      'psql:a.sql:3: FEHLER:  22P02: ungültige Eingabesyntax für Typ integer: »hunter\nsad«',
      'psql:a.sql:3: FEHLER:  22P02: ungültige Eingabesyntax für Typ integer: »…«',
    ],
    [
      'a beginning that was too long to keep',
      '…nter\nsad"\nCONTEXT:  COPY t, line 1: "4111"\npsql:a.sql:4: error: connection to server was lost',
      'psql:a.sql:4: error: connection to server was lost',
    ],
  ])('is told without %s [proves M]', (_what, said, seen) => {
    expect(programWithoutValues(said)).toBe(seen);
  });

  it.each([
    ['of a text that is no number', String.raw`SELECT E'hunter\n4111 "sad\nHINT:  hunter'::int;`, /22P02: .*: "…"$/m],
    [
      'of a row',
      String.raw`CREATE TABLE t (a int CHECK (a < 9), b text); INSERT INTO t VALUES (9, E'hunter\n4111');`,
      /23514: new row for relation "t" violates check constraint "t_a_check"$/m,
    ],
    [
      'of a copied line',
      String.raw`CREATE TABLE t (a int);${'\n'}COPY t FROM stdin;${'\n'}hunter\n4111${'\n'}\.${'\n'}`,
      /22P02: .*: "…"$/m,
    ],
    ['of more than is kept', String.raw`SELECT repeat(E'hunter 4111\n', 200000)::int;`, /^$/],
  ])('is told without a value %s, as psql quotes it over several lines [proves M]', async (_what, sql, seen) => {
    const shop = await databases.project();
    await shop.write({ 'a.sql': sql });
    const argv = ['psql', '--no-psqlrc', '--quiet', '--set=ON_ERROR_STOP=1', '--set=VERBOSITY=verbose'];
    argv.push(`--file=${shop.directory}/migrations/a.sql`, databases.url);
    const { stderr } = await runProgram({ argv, env: { PATH: process.env.PATH }, limit: 60_000, io: io() });
    expect(stderr).toMatch(VALUE);
    const told = programWithoutValues(stderr).trim();
    expect(told).toMatch(seen);
    expect(told).not.toMatch(VALUE);
  });

  it.each([
    'psql: error: connection to server at "db" (10.0.0.1), port 5432 failed: Connection refused\n\tIs the server running on that host and accepting TCP/IP connections?',
    'psql:a.sql:3: ERROR:  2BP01: cannot drop table a because other objects depend on it\nDETAIL:  view b depends on table a\nview c depends on table a\nHINT:  Use DROP ... CASCADE to drop the dependent objects too.',
    'pg_dump: error: query failed: ERROR:  permission denied for table orders\npg_dump: detail: Query was: LOCK TABLE public.orders IN ACCESS SHARE MODE',
    'Error: You must install at least one postgresql-client-<version> package',
  ])('is told as it is when it quotes no values: %s [proves M]', (said) => {
    expect(programWithoutValues(said)).toBe(said);
  });
});
