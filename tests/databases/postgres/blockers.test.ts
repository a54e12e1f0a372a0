import { Client } from 'pg';
import { Databases, io } from '../database-context';
import { until } from '../../support/until';
import { query } from '../../support/postgres';

const databases = new Databases('own');
const others: Client[] = [];
afterEach(async () => {
  for (const each of others.splice(0)) await each.end();
});

/** Another session, which has done `statements` and not ended its transaction. */
async function busy(application: string, ...statements: string[]): Promise<{ pid: number; client: Client }> {
  const client = new Client({ connectionString: databases.url, application_name: application });
  // A test may end it.
  client.on('error', () => undefined);
  others.push(client);
  await client.connect();
  await client.query('BEGIN');
  for (const statement of statements) await client.query(statement);
  const { rows } = await client.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
  return { pid: rows[0]!.pid, client };
}

async function failure(up: string, settings: object = {}): Promise<{ message: string; said: string }> {
  const shop = await databases.project({ lockTimeout: '1500ms', ...settings });
  await shop.write({ '001_a.up.sql': `-- spillway: no transaction\n${up}`, '001_a.down.sql': 'SELECT 1' });
  const told = io();
  const error = await shop.database.migrations!.up(['001_a'], 'r', told).catch((thrown: unknown) => thrown as Error);
  return { message: (error as Error).message, said: told.said.join('\n') };
}

beforeEach(async () => {
  await query(databases.url, 'CREATE TABLE orders (id int PRIMARY KEY, mail text)');
  await query(databases.url, `INSERT INTO orders VALUES (1, 'hunter@example.org')`);
});

const SINCE = String.raw`since \d{4}-\d\d-\d\d \d\d:\d\d:\d\d \w+`;

describe('a migration that waits for a lock in vain', () => {
  it('names who holds it, since when, and what it did last, without values [proves blockers]', async () => {
    const { pid } = await busy('web-worker', `UPDATE orders SET mail = 'hunter@two.org' WHERE id = 41111`);
    const { message, said } = await failure('ALTER TABLE orders ADD total int');
    const holder = String.raw`session ${pid} \(application web-worker, user postgres, idle in transaction ${SINCE}, statement «SELECT pg_backend_pid\(\) AS pid»\)`;
    expect(message).toMatch(
      new RegExp(`55P03.* It waited for Access Exclusive lock on (public\\.)?orders, which ${holder} holds`),
    );
    expect(said).toMatch(new RegExp(`waiting for Access Exclusive lock on (public\\.)?orders, which ${holder}`));
  });

  it('tells the statement of one that works without its values [proves blockers]', async () => {
    const { client } = await busy('report');
    void client
      .query(`SELECT mail, pg_sleep(60) FROM orders WHERE mail <> 'hunter@three.org' AND id <> 41112`)
      .catch(() => undefined);
    const { message, said } = await failure('DROP TABLE orders');
    expect(message).toMatch(/application report, user postgres, active since/);
    expect(message).toContain("statement «SELECT mail, pg_sleep(…) FROM orders WHERE mail <> '…' AND id <> …»");
    expect(message + said).not.toMatch(/hunter|4111/);
    await query(
      databases.url,
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'report'`,
    );
  });

  it('names several, and those that hold rows [proves blockers]', async () => {
    const first = await busy('first', 'LOCK orders IN ACCESS SHARE MODE');
    const second = await busy('second', 'LOCK orders IN ACCESS SHARE MODE');
    const { message } = await failure('ALTER TABLE orders ADD total int');
    expect(message).toContain(`session ${first.pid} (application first`);
    expect(message).toContain(`session ${second.pid} (application second`);
    const third = await busy('third', 'UPDATE orders SET mail = NULL');
    await first.client.query('ROLLBACK');
    await second.client.query('ROLLBACK');
    const rows = await failure('UPDATE orders SET mail = 1');
    expect(rows.message).toMatch(
      new RegExp(`lock on rows that another transaction has changed, which session ${third.pid}`),
    );
  });

  it('names them although the statement ran out of time first [proves blockers]', async () => {
    const { pid } = await busy('slow', 'LOCK orders');
    const { message } = await failure('SELECT * FROM orders', { statementTimeout: '1500ms' });
    expect(message).toMatch(
      new RegExp(`(57014|55P03).* It waited for Access Share lock on (public\\.)?orders, which session ${pid}`),
    );
  });

  it('tells of a deadlock which sessions met [proves blockers]', async () => {
    const { pid, client } = await busy('other', 'UPDATE orders SET mail = NULL');
    await query(databases.url, 'CREATE TABLE second (id int)');
    const up = failure(`BEGIN; LOCK second; SELECT pg_sleep(1); UPDATE orders SET mail = '1'; COMMIT;`, {
      lockTimeout: '30s',
    });
    const waits = client.query('SELECT pg_sleep(0.5)').then(() => client.query('LOCK second'));
    waits.catch(() => undefined);
    const [{ message }] = await Promise.all([up, waits.catch(() => undefined)]);
    // Either of the two may be the one that the server ends.
    if (message) expect(message).toMatch(new RegExp(`40P01.*blocked by process ${pid}`));
  });

  it('names the migrator that holds the lock of migrations [proves blockers]', async () => {
    const { pid } = await busy('someone else', 'SELECT pg_advisory_xact_lock(1397771351, 1)');
    const shop = await databases.project();
    await shop.write({ '001_a.up.sql': 'SELECT 1', '001_a.down.sql': 'SELECT 1' });
    const controller = new AbortController();
    const told = io(controller);
    const stopped = shop.database.migrations!.up(['001_a'], 'r', told).catch(() => undefined);
    await until(() => told.said.some((line) => line.startsWith('waiting for another migrator')));
    controller.abort();
    await stopped;
    expect(told.said.join('\n')).toMatch(
      new RegExp(`waiting for another migrator: someone else \\(backend ${pid} from`),
    );
  });

  it('costs no second session where nothing waits [proves blockers]', async () => {
    const shop = await databases.project();
    await shop.write({ '001_a.up.sql': 'SELECT 1', '001_a.down.sql': 'SELECT 1' });
    expect(await shop.database.migrations!.up(['001_a'], 'r', io())).toEqual(['001_a']);
    expect(await query(databases.url, `SELECT 1 FROM pg_stat_activity WHERE application_name = 'spillway'`)).toEqual(
      [],
    );
  });
});
