import { Client } from 'pg';
import { NO_TRANSACTION } from '../../../../databases/migrations/files';
import { query } from '../../../support/postgres';
import { Databases, io } from '../../database-context';

const databases = new Databases('own');
const THINGS = `
  CREATE TABLE t (id int PRIMARY KEY, state text);
  CREATE INDEX i ON t (state);
  CREATE TABLE parts (id int PRIMARY KEY) PARTITION BY RANGE (id);
  CREATE TABLE part PARTITION OF parts FOR VALUES FROM (0) TO (10);
  CREATE MATERIALIZED VIEW m AS SELECT 1 AS id;
  CREATE UNIQUE INDEX m_id ON m (id);
  CREATE TYPE mood AS ENUM ('sad');
  CREATE PROCEDURE commits() LANGUAGE plpgsql AS $$ BEGIN COMMIT; END $$;
  CREATE PROCEDURE works() LANGUAGE plpgsql AS $$ BEGIN PERFORM 1; END $$;
  CREATE SUBSCRIPTION s CONNECTION 'host=127.0.0.1 port=1 dbname=none' PUBLICATION p WITH (connect = false);
  ALTER SUBSCRIPTION s ENABLE`;

/** What the server says to a statement in a transaction; undefined when it runs it. */
async function inTransaction(sql: string): Promise<string | undefined> {
  const client = new Client({ connectionString: databases.url });
  await client.connect();
  try {
    await client.query('BEGIN');
    await client.query(sql);
    return undefined;
  } catch (error) {
    return (error as { code?: string }).code;
  } finally {
    await client.query('ROLLBACK');
    await client.end();
  }
}

async function mistakesIn(sql: string): Promise<string[]> {
  const { database, write } = await databases.project({ onRollback: 'keep' });
  await write({ '001_x.up.sql': sql });
  return (await database.migrations!.check(io())).map((mistake) => mistake.replace(/^.*(?=001_x)/, ''));
}

describe('what the server refuses in a transaction', () => {
  beforeEach(() => query(databases.url, THINGS));
  // Its worker would hold the database.
  afterEach(() =>
    query(
      databases.url,
      'ALTER SUBSCRIPTION s DISABLE; ALTER SUBSCRIPTION s SET (slot_name = NONE); DROP SUBSCRIPTION s',
    ),
  );

  test.each([
    'VACUUM',
    'VACUUM (ANALYZE) t',
    'CREATE DATABASE other',
    'DROP DATABASE other',
    'ALTER DATABASE postgres SET TABLESPACE pg_default',
    `CREATE TABLESPACE other LOCATION '/nowhere'`,
    'DROP TABLESPACE other',
    `ALTER SYSTEM SET work_mem = '5MB'`,
    'ALTER SYSTEM RESET work_mem',
    'CLUSTER',
    'CLUSTER parts USING parts_pkey',
    'REINDEX SCHEMA public',
    'REINDEX DATABASE postgres',
    'REINDEX SYSTEM postgres',
    'REINDEX TABLE CONCURRENTLY t',
    'REINDEX (VERBOSE, CONCURRENTLY) INDEX i',
    'REINDEX TABLE parts',
    'REINDEX INDEX public.parts_pkey',
    'CREATE INDEX CONCURRENTLY j ON t (state)',
    'CREATE UNIQUE INDEX CONCURRENTLY j ON t (state)',
    'DROP INDEX CONCURRENTLY i',
    'ALTER TABLE parts DETACH PARTITION part CONCURRENTLY',
    `CREATE SUBSCRIPTION r CONNECTION 'host=127.0.0.1 port=1' PUBLICATION p`,
    `CREATE SUBSCRIPTION r CONNECTION 'host=127.0.0.1 port=1' PUBLICATION p WITH (copy_data = off)`,
    'ALTER SUBSCRIPTION s REFRESH PUBLICATION',
    'ALTER SUBSCRIPTION s SET PUBLICATION q',
    'ALTER SUBSCRIPTION s ADD PUBLICATION q WITH (copy_data = false)',
    'DROP SUBSCRIPTION s',
    'DO $$ BEGIN INSERT INTO t VALUES (1); COMMIT; END $$',
    'DO $$ BEGIN FOR n IN 1..2 LOOP ROLLBACK; END LOOP; END $$',
    'CALL commits()',
    'CALL public.commits()',
  ])('is found before anything changes: %s [proves L]', async (sql) => {
    expect(await inTransaction(sql)).toMatch(/^(25001|2D000)$/);
    expect(await mistakesIn(`SELECT 1;\n${sql};`)).toEqual([
      expect.stringMatching(
        /^001_x\.up\.sql:2: .* cannot run in a transaction; move it to a file of its own that begins/,
      ),
    ]);
    const block = await mistakesIn(`${NO_TRANSACTION}\nBEGIN;\n${sql};\nCOMMIT;`);
    expect(block).toEqual([
      expect.stringMatching(/:3: .* cannot run in a transaction; move it out of BEGIN and COMMIT/),
    ]);
    expect(await mistakesIn(`${NO_TRANSACTION}\n${sql};`)).toEqual([]);
  });

  test('and nowhere in a migration: DISCARD ALL is found in either kind of file [proves L]', async () => {
    expect(await inTransaction('DISCARD ALL')).toBe('25001');
    for (const first of ['', `${NO_TRANSACTION}\n`]) {
      expect(await mistakesIn(`${first}DISCARD ALL`)).toEqual([expect.stringContaining('gives up the lock')]);
    }
  });

  test.each([
    'ANALYZE',
    'ANALYZE t',
    'REFRESH MATERIALIZED VIEW CONCURRENTLY m',
    'CLUSTER t USING t_pkey',
    'REINDEX TABLE t',
    'REINDEX INDEX i',
    'REINDEX (CONCURRENTLY false) TABLE t',
    'CREATE INDEX j ON t (state)',
    'DROP INDEX i',
    'ALTER TABLE parts DETACH PARTITION part',
    `ALTER TYPE mood ADD VALUE 'happy'`,
    `ALTER DATABASE postgres SET work_mem = '5MB'`,
    'ALTER DATABASE postgres CONNECTION LIMIT 50',
    `CREATE SUBSCRIPTION r CONNECTION 'host=127.0.0.1 port=1' PUBLICATION p WITH (connect = off)`,
    `ALTER SUBSCRIPTION s SET PUBLICATION q WITH (refresh = off)`,
    'ALTER SUBSCRIPTION s DISABLE',
    'ALTER SUBSCRIPTION s DISABLE; ALTER SUBSCRIPTION s SET (slot_name = NONE); DROP SUBSCRIPTION s',
    'LOCK TABLE t',
    'DECLARE c CURSOR FOR SELECT 1',
    'CALL works()',
    `DO $$ BEGIN /* no COMMIT; */ RAISE NOTICE 'COMMIT;'; EXCEPTION WHEN others THEN NULL; END $$`,
    'DISCARD PLANS',
    'CHECKPOINT',
  ])('is not mistaken for what it runs: %s [proves L]', async (sql) => {
    expect(await inTransaction(sql)).toBe(undefined);
    expect(await mistakesIn(`${sql};`)).toEqual([]);
  });

  test.each(['LOCK TABLE t', 'SAVEPOINT a', 'DECLARE c CURSOR FOR SELECT 1'])(
    'is told from what it refuses without one: %s [proves L]',
    async (sql) => {
      await expect(query(databases.url, sql)).rejects.toMatchObject({ code: '25P01' });
      expect(await mistakesIn(`${NO_TRANSACTION}\n${sql};`)).toEqual([expect.stringContaining('needs a transaction')]);
      expect(await mistakesIn(`${sql};`)).toEqual([]);
    },
  );
});
