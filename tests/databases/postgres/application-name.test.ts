import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Client } from 'pg';
import { applicationName } from '../../../databases/postgres/application-name';
import { query } from '../../support/postgres';
import { Databases, io, type Owner } from '../database-context';
import { until } from '../../support/until';

const databases = new Databases();
const BILLING: Owner = { app: 'billing', environment: 'production' };

async function untilOneIs(name: string): Promise<void> {
  const sql = 'SELECT 1 FROM pg_stat_activity WHERE application_name = $1 AND datname = current_database()';
  await until(async () => (await query(databases.url, sql, [name])).length > 0, {
    what: `a connection called ${name}`,
  });
}

test('names of environments are told apart, however long they are', () => {
  const long = (environment: string) => applicationName('migrations', { app: 'a'.repeat(40), environment });
  expect(applicationName('tool', BILLING)).toBe('spillway tool billing/production');
  expect(long('e'.repeat(39) + '1')).toHaveLength(63);
  expect(long('e'.repeat(39) + '1')).not.toBe(long('e'.repeat(39) + '2'));
});

test('the tool with which one app migrates is not ended by another app that migrates the same database [proves F]', async () => {
  await query(databases.url, 'CREATE TABLE held AS SELECT 1');
  const wait = "DO 'BEGIN WHILE EXISTS (SELECT FROM held) LOOP PERFORM pg_sleep(0.1); END LOOP; END'";
  const tool = (sql: string) => ({
    status: ['sh', '-c', 'touch done; if [ -s done ]; then echo applied a; else echo pending a; fi'],
    up: ['sh', '-c', `psql "$DATABASE_URL" -c "${sql}" && echo yes > done`],
    down: ['sh', '-c', 'echo {name}; rm done'],
    cwd: 'migrations',
  });
  const theirs = await databases.project({ migrations: tool(wait) }, BILLING);
  const ours = await databases.project({ migrations: tool('SELECT 1') });
  const migrating = theirs.database.migrations!.up(['a'], 'r1', io());
  await untilOneIs('spillway migrations billing/production');
  expect(await ours.database.migrations!.up(['a'], 'r2', io())).toEqual(['a']);
  await query(databases.url, 'DELETE FROM held');
  expect(await migrating).toEqual(['a']);
});

test('the dump that one app makes is not ended by another app that dumps the same database [proves F]', async () => {
  await query(databases.url, 'CREATE TABLE orders (id int)');
  const theirs = await databases.project({ lockTimeout: '60s' }, BILLING);
  const ours = await databases.project({ lockTimeout: '200ms' });
  const live = new Client({ connectionString: databases.url });
  await live.connect();
  try {
    await live.query('BEGIN; LOCK TABLE orders');
    const dumping = theirs.database.dump!(join(theirs.directory, 'theirs.dump'), io());
    dumping.catch(() => undefined);
    await untilOneIs('spillway tool billing/production');
    await expect(ours.database.dump!(join(ours.directory, 'ours.dump'), io())).rejects.toThrow(/timeout/);
    await live.query('COMMIT');
    expect((await dumping).holds).toMatch(/^\d+ objects?$/);
  } finally {
    await live.end();
  }
  expect((await readFile(join(theirs.directory, 'theirs.dump'))).length).toBeGreaterThan(0);
});
