import { scriptOf } from '../../../../databases/migrations/files';
import { examine } from '../../../../databases/postgres/reading/reading';
import { io } from '../../database-context';

const choosesPlace = async (sql: string) => (await examine(scriptOf('x.up.sql', sql), io().signal)).choosesPlace;

describe('a migration that chooses its place itself', () => {
  test.each([
    'CREATE TABLE app.orders ()',
    'CREATE TABLE orders (LIKE app.orders)',
    'INSERT INTO app.orders SELECT 1',
    'CREATE SCHEMA app',
    'ALTER TABLE orders SET SCHEMA app',
    'SET LOCAL search_path TO app',
    'ALTER ROLE shop SET search_path = app',
    'ALTER DATABASE shop SET search_path = app',
    'CREATE FUNCTION app.f() RETURNS int LANGUAGE sql AS $$SELECT 1$$',
    `CREATE TYPE app.state AS ENUM ('a')`,
    'CREATE TYPE app.pair AS (a int)',
    'CREATE DOMAIN app.mail AS text',
    `ALTER TYPE app.state ADD VALUE 'b'`,
    'CREATE AGGREGATE app.total(int) (SFUNC = int4pl, STYPE = int)',
    'DROP TABLE app.orders',
    'DROP TYPE IF EXISTS app.state',
    'DROP FUNCTION app.f()',
    'ALTER FUNCTION app.f() STABLE',
    `COMMENT ON COLUMN app.orders.total IS 'x'`,
    'DROP TRIGGER t ON app.orders',
    `DO $$ BEGIN EXECUTE 'CREATE TABLE "app"."orders" ()'; END $$`,
    'DO $$ BEGIN INSERT INTO app.orders VALUES (1); END $$',
    'CREATE TABLE app.logs (system_user text)',
    `INSERT INTO app.logs (system_user) VALUES ('a')`,
    'DO $$ BEGIN PERFORM system_user FROM app.logs; END $$',
    `CREATE FUNCTION f() RETURNS int LANGUAGE sql BEGIN ATOMIC SELECT system_user FROM app.logs; END`,
    `SELECT system_user, set_config('search_path', 'app', false)`,
  ])('is seen in %s [proves F]', async (sql) => expect(await choosesPlace(sql)).toBe(true));

  test.each([
    'CREATE TABLE orders (mail extensions.citext, at timestamptz DEFAULT pg_catalog.now())',
    'SELECT count(*) FROM pg_catalog.pg_class, information_schema.tables',
    `COMMENT ON COLUMN orders.total IS 'x'`,
    'DROP TRIGGER t ON orders',
    'UPDATE orders SET total = orders.total + 1',
    'SET statement_timeout = 0',
    'DO $$ DECLARE r record; BEGIN FOR r IN SELECT * FROM orders LOOP UPDATE orders SET total = r.total WHERE id = r.id; END LOOP; END $$',
    'CREATE TABLE IF NOT EXISTS orders ()',
    'ALTER TABLE orders RENAME total TO sum',
    // What our parser does not understand.
    'CREATE TABLE logs (system_user text)',
    `INSERT INTO logs (system_user) VALUES ('mail from bob.smith'), ('schema')`,
    `INSERT INTO logs (system_user) VALUES (E'it\\'s from bob.smith', $$into app.logs$$) -- the schema`,
    'CREATE TABLE (',
  ])('is not seen in %s', async (sql) => expect(await choosesPlace(sql)).toBe(false));
});
