import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { Client } from 'pg';
import type { DatabaseConfig } from '../../../../domain/config';
import { query } from '../../../support/postgres';
import { Databases, io, ORDERS, SHOP } from '../../database-context';
import { until } from '../../../support/until';

const ROOT = join(__dirname, '../../../..');

const databases = new Databases();
const shop = (overrides?: Record<string, unknown>) => databases.project(overrides);
const TOTAL = {
  '002_total.up.sql': 'ALTER TABLE orders ADD total numeric;\n',
  '002_total.down.sql': 'ALTER TABLE orders DROP total;\n',
};

describe('applying', () => {
  test('pending migrations are applied in the order of their names and reverted in the opposite one [proves M1]', async () => {
    const { database, write } = await shop();
    await write({ ...TOTAL, ...ORDERS });
    expect(await database.migrations!.status(io())).toEqual({ applied: [], pending: ['001_orders', '002_total'] });
    expect(await database.migrations!.up(['001_orders', '002_total'], 'release-1', io())).toEqual([
      '001_orders',
      '002_total',
    ]);
    expect(await database.migrations!.status(io())).toEqual({ applied: ['001_orders', '002_total'], pending: [] });
    expect(await query(databases.url, 'SELECT id, total FROM orders')).toEqual([{ id: 1, total: null }]);

    expect(await database.migrations!.down(['001_orders', '002_total'], 'release-1', io())).toEqual([
      '002_total',
      '001_orders',
    ]);
    expect(await database.migrations!.status(io())).toEqual({ applied: [], pending: ['001_orders', '002_total'] });
    expect(await databases.tables()).toEqual([]);
  });

  test('asking for the status creates nothing', async () => {
    const { database, write } = await shop();
    await write(ORDERS);
    await database.migrations!.status(io());
    await database.migrations!.check(io());
    expect(await databases.tables()).toEqual([]);
    expect(await query(databases.url, `SELECT 1 FROM pg_namespace WHERE nspname = 'spillway'`)).toEqual([]);
  });

  test('the same release may apply the same migrations again, which changes nothing', async () => {
    const { database, write } = await shop();
    await write(ORDERS);
    await database.migrations!.up(['001_orders'], 'release-1', io());
    expect(await database.migrations!.up(['001_orders'], 'release-1', io())).toEqual([]);
  });

  test('a migration that another release has applied meanwhile is refused, and not reverted by this one', async () => {
    const { database, write } = await shop();
    await write(ORDERS);
    await database.migrations!.up(['001_orders'], 'release-1', io());
    await expect(database.migrations!.up(['001_orders'], 'release-2', io())).rejects.toThrow(
      /release-1 has applied it meanwhile/,
    );
    expect(await database.migrations!.down(['001_orders'], 'release-2', io())).toEqual([]);
    expect(await database.migrations!.down(['001_orders'], null, io())).toEqual(['001_orders']);
  });

  test('a migration that fails is rolled back whole, and says statement, line and what the server said [proves M3]', async () => {
    const { database, write } = await shop();
    const broken = '-- adds a column\nCREATE TABLE customers (id int);\n\nALTER TABLE orders\n  ADD COLUMN id int;\n';
    await write({ ...ORDERS, '002_broken.up.sql': broken, '002_broken.down.sql': 'SELECT 1;' });
    await expect(database.migrations!.up(['001_orders', '002_broken'], 'release-1', io())).rejects.toMatchObject({
      name: 'MigrationFailure',
      message: expect.stringMatching(
        /^002_broken\.up\.sql:4: «ALTER TABLE orders ADD COLUMN id int» failed: ERROR 42701: column "id" of relation "orders" already exists\. Nothing of this file was applied\.$/,
      ),
    });
    expect(await databases.tables()).toEqual(['orders']);
    expect(await database.migrations!.down(['001_orders', '002_broken'], 'release-1', io())).toEqual(['001_orders']);
    expect(await databases.tables()).toEqual([]);
  });

  test('data that a failing migration trips over stays out of the message', async () => {
    const { database, write } = await shop();
    await write({
      ...ORDERS,
      '002_twice.up.sql': 'INSERT INTO orders SELECT 1 WHERE true;',
      '002_twice.down.sql': 'SELECT 1;',
    });
    const failure = await database
      .migrations!.up(['001_orders', '002_twice'], 'r', io())
      .catch((error: Error) => error.message);
    expect(failure).toMatch(/duplicate key value violates unique constraint/);
    expect(failure).not.toMatch(/\(id\)=\(1\)/);
  });

  test('a constraint that is checked at the commit fails the migration, and nothing of it stays', async () => {
    const { database, write } = await shop();
    const sql =
      'CREATE TABLE line (o int REFERENCES orders DEFERRABLE INITIALLY DEFERRED);\nINSERT INTO line VALUES (99);';
    await write({ ...ORDERS, '002_line.up.sql': sql, '002_line.down.sql': 'DROP TABLE line;' });
    await expect(database.migrations!.up(['001_orders', '002_line'], 'r', io())).rejects.toThrow(
      /:2: «COMMIT» failed: ERROR 23503/,
    );
    expect(await databases.tables()).toEqual(['orders']);
  });

  test('a migration may change search path and role without losing its record or disturbing the next one', async () => {
    const { database, write } = await shop();
    const sql = `CREATE SCHEMA other; SET search_path = other; CREATE TABLE here (id int); SET ROLE pg_monitor;`;
    await write({ '000_path.up.sql': sql, '000_path.down.sql': 'DROP SCHEMA other CASCADE;', ...ORDERS });
    await database.migrations!.up(['000_path', '001_orders'], 'r', io());
    expect(await databases.tables()).toEqual(['orders']);
    expect((await database.migrations!.status(io()))?.applied).toEqual(['000_path', '001_orders']);
  });

  test('a migration that waits for a lock gives up, says so, and leaves the live version in peace', async () => {
    const { database, write } = await shop({ lockTimeout: '200ms' });
    await write({ ...ORDERS, ...TOTAL });
    await database.migrations!.up(['001_orders'], 'r', io());
    const live = new Client({ connectionString: databases.url });
    await live.connect();
    try {
      await live.query('BEGIN; LOCK TABLE orders');
      await expect(database.migrations!.up(['002_total'], 'r', io())).rejects.toThrow(/55P03.*database\.lockTimeout/s);
      await live.query('COMMIT');
    } finally {
      await live.end();
    }
    expect(await database.migrations!.up(['002_total'], 'r', io())).toEqual(['002_total']);
  });

  test('a migration that takes too long is stopped by the server', async () => {
    const { database, write } = await shop({ statementTimeout: '200ms', lockTimeout: '100ms' });
    await write({ '001_slow.up.sql': 'SELECT pg_sleep(60);', '001_slow.down.sql': 'SELECT 1;' });
    await expect(database.migrations!.up(['001_slow'], 'r', io())).rejects.toThrow(
      /57014.*database\.statementTimeout/s,
    );
  });

  test('an abort cancels the statement on the server and leaves nothing', async () => {
    const { database, write } = await shop();
    await write({ '001_slow.up.sql': 'CREATE TABLE t (); SELECT pg_sleep(60);', '001_slow.down.sql': 'DROP TABLE t;' });
    const controller = new AbortController();
    const listening = io(controller);
    const running = database.migrations!.up(['001_slow'], 'r', listening);
    const outcome = expect(running).rejects.toThrow('stop now');
    await until(() => Promise.resolve(listening.said.some((detail) => detail.includes('pg_sleep'))));
    controller.abort(new Error('stop now'));
    await outcome;
    expect(await databases.tables()).toEqual([]);
    await until(async () => (await sleeping()) === 0);
  });

  test('two migrators take turns: each migration is applied once', async () => {
    const { database, write } = await shop();
    await write({ ...ORDERS, ...TOTAL });
    const both = [1, 2].map(() => database.migrations!.up(['001_orders', '002_total'], 'r', io()));
    expect((await Promise.all(both)).flat().sort()).toEqual(['001_orders', '002_total']);
  });
});

describe('without a transaction', () => {
  const INDEX = {
    '002_index.up.sql':
      '-- spillway: no transaction\nDROP INDEX CONCURRENTLY IF EXISTS by_id;\nCREATE INDEX CONCURRENTLY by_id ON orders (id);\n',
    '002_index.down.sql': '-- spillway: no transaction\nDROP INDEX CONCURRENTLY IF EXISTS by_id;\n',
  };

  test('an index is built concurrently and removed again', async () => {
    const { database, write } = await shop();
    await write({ ...ORDERS, ...INDEX });
    expect(await database.migrations!.check(io())).toEqual([]);
    await database.migrations!.up(['001_orders', '002_index'], 'r', io());
    expect(await query(databases.url, `SELECT 1 FROM pg_indexes WHERE indexname = 'by_id'`)).toHaveLength(1);
    expect(await database.migrations!.down(['002_index'], 'r', io())).toEqual(['002_index']);
    expect(await query(databases.url, `SELECT 1 FROM pg_indexes WHERE indexname = 'by_id'`)).toHaveLength(0);
  });

  test('one that was interrupted is still pending, runs again, and is reverted although it never finished', async () => {
    const { database, write } = await shop();
    const half = '-- spillway: no transaction\nCREATE TABLE IF NOT EXISTS half (id int);\nSELECT 1/0;\n';
    await write({ '001_half.up.sql': half, '001_half.down.sql': 'DROP TABLE IF EXISTS half;' });
    for (let times = 0; times < 2; times++) {
      await expect(database.migrations!.up(['001_half'], 'r', io())).rejects.toThrow(
        /stays applied: it runs without a transaction/,
      );
    }
    expect((await database.migrations!.status(io()))?.pending).toEqual(['001_half']);
    expect(await database.migrations!.down(['001_half'], 'r', io())).toEqual(['001_half']);
    expect(await databases.tables()).toEqual([]);
  });
});

describe('reverting', () => {
  test('works from the record when the files are gone', async () => {
    const first = await shop();
    await first.write(ORDERS);
    await first.database.migrations!.up(['001_orders'], 'r', io());
    const second = await shop();
    expect(await second.database.migrations!.down(['001_orders'], 'r', io())).toEqual(['001_orders']);
    expect(await databases.tables()).toEqual([]);
  });

  test('without a down file says what a person must do', async () => {
    const { database, write } = await shop({ onRollback: 'keep' });
    await write({ '001_x.up.sql': 'SELECT 1;' });
    await database.migrations!.up(['001_x'], 'r', io());
    await expect(database.migrations!.down(['001_x'], 'r', io())).rejects.toThrow(
      /expected 001_x\.down\.sql .* to revert 001_x/,
    );
  });
});

describe('killed in the middle', () => {
  test('a worker that froze loses its lock to the next one, and does nothing when it wakes up', async () => {
    const { database, write, directory, config } = await shop();
    await query(databases.url, 'CREATE SCHEMA held; CREATE TABLE held.up AS SELECT 1');
    const wait = `DO $$ BEGIN WHILE EXISTS (SELECT FROM held.up) LOOP PERFORM pg_sleep(0.1); END LOOP; END $$;`;
    await write({
      ...ORDERS,
      '002_slow.up.sql': `CREATE TABLE slow (id int);\n${wait}\nINSERT INTO slow VALUES (1);`,
      '002_slow.down.sql': 'DROP TABLE slow;',
    });
    const worker = startMigrator(directory, config, ['001_orders', '002_slow'], 'ignore');
    try {
      await until(async () => (await sleeping()) === 1);
      worker.kill('SIGSTOP');
      await query(databases.url, 'DELETE FROM held.up');
      expect(await database.migrations!.up(['001_orders', '002_slow'], 'r', io())).toEqual(['002_slow']);
    } finally {
      worker.kill('SIGCONT');
    }
    const [exitCode] = (await once(worker, 'exit')) as [number];
    expect(exitCode).not.toBe(0);
    expect(await query(databases.url, 'SELECT id FROM slow')).toEqual([{ id: 1 }]);
  }, 300_000);

  test('an index that was being built without a transaction is built anew, and is whole', async () => {
    const { database, write, directory, config } = await shop();
    const index =
      '-- spillway: no transaction\nDROP INDEX CONCURRENTLY IF EXISTS by_id;\nCREATE INDEX CONCURRENTLY by_id ON orders (id);';
    await write({ ...ORDERS, '002_index.up.sql': index, '002_index.down.sql': 'DROP INDEX IF EXISTS by_id;' });
    await database.migrations!.up(['001_orders'], 'r', io());
    const writer = new Client({ connectionString: databases.url });
    await writer.connect();
    try {
      // The index cannot be finished while this transaction lasts.
      await writer.query('BEGIN; INSERT INTO orders VALUES (2)');
      const worker = startMigrator(directory, { ...config, lockTimeout: 0 }, ['002_index']);
      await until(async () => (await building()) === 1);
      worker.kill('SIGKILL');
      await once(worker, 'exit');
      await until(async () => (await building()) === 0);
      await writer.query('COMMIT');
    } finally {
      await writer.end();
    }
    expect((await database.migrations!.status(io()))?.pending).toEqual(['002_index']);
    expect(await database.migrations!.up(['002_index'], 'r', io())).toEqual(['002_index']);
    const valid = `SELECT indisvalid AS valid FROM pg_index WHERE indexrelid = 'by_id'::regclass`;
    expect(await query(databases.url, valid)).toEqual([{ valid: true }]);
  });

  test('after SIGKILL during a migration nothing of it is there, and the next worker applies it [proves M1]', async () => {
    const { database, write, directory, config } = await shop();
    const slow = 'CREATE TABLE slow (id int);\nSELECT pg_sleep(30);\nINSERT INTO slow VALUES (1);\n';
    await write({ ...ORDERS, '002_slow.up.sql': slow, '002_slow.down.sql': 'DROP TABLE slow;' });
    const worker = startMigrator(directory, config, ['001_orders', '002_slow']);
    await until(async () => (await sleeping()) === 1);
    worker.kill('SIGKILL');
    await once(worker, 'exit');

    await write({ '002_slow.up.sql': slow.replace('pg_sleep(30)', 'pg_sleep(0)') });
    expect(await database.migrations!.up(['001_orders', '002_slow'], 'r', io())).toEqual(['002_slow']);
    expect(await query(databases.url, 'SELECT id FROM slow')).toEqual([{ id: 1 }]);
    expect(await sleeping()).toBe(0);
  });
});

/** A worker's process that migrates as release `r`. */
function startMigrator(
  directory: string,
  config: DatabaseConfig,
  names: string[],
  stdio: 'inherit' | 'ignore' = 'inherit',
): ChildProcess {
  const program = `
    const { openDatabase } = require(${JSON.stringify(join(ROOT, 'databases/open.ts'))});
    const { config, directory, names } = JSON.parse(process.env.INPUT);
    const context = { url: process.env.URL, scope: ${JSON.stringify(SHOP)}, projectDirectory: directory, environment: {}, variables: {}, redact: String };
    const io = { signal: new AbortController().signal, onProgress: () => undefined };
    openDatabase(config, context).migrations.up(names, 'r', io);`;
  const env = { ...process.env, URL: databases.url, INPUT: JSON.stringify({ config, directory, names }) };
  const argv = ['--require', join(ROOT, 'tests/support/typescript.js'), '--eval', program];
  return spawn(process.execPath, argv, { env, stdio });
}

async function building(): Promise<number> {
  const sql = `SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND state = 'active' AND query LIKE 'CREATE INDEX%'`;
  return (await query(databases.url, sql)).length;
}

async function sleeping(): Promise<number> {
  const rows = await query(
    databases.url,
    `SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event = 'PgSleep'`,
  );
  return rows.length;
}
