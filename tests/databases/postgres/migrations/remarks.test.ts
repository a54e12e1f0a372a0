import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { Client } from 'pg';
import { query } from '../../../support/postgres';
import { Databases, io, ORDERS } from '../../database-context';

const databases = new Databases();
afterEach(() => jest.restoreAllMocks());
const shop = (overrides?: Record<string, unknown>) => databases.project({ onRollback: 'keep', ...overrides });
const MERGED = { '000_late.up.sql': 'SELECT 1;', '001_twin.up.sql': 'SELECT 1;' };
const WARNINGS = [/000_late has a smaller number than 001_orders/, /001_twin has the same number as 001_orders/].map(
  (why) => expect.stringMatching(why) as string,
);

describe('migrations that were merged out of order', () => {
  test('are told in a warning, and applied in the order of their names [proves strict]', async () => {
    const { database, write } = await shop();
    await write(ORDERS);
    await database.migrations!.up(['001_orders'], 'r', io());
    await write(MERGED);
    expect(await database.migrations!.check(io())).toEqual([]);
    expect((await database.migrations!.remarks!(io())).warnings).toEqual(WARNINGS);
    expect(await database.migrations!.up(['000_late', '001_twin'], 's', io())).toEqual(['000_late', '001_twin']);
  });

  test('are refused with `order: strict`, before anything changes [proves strict]', async () => {
    const { database, write } = await shop({ migrations: { directory: 'migrations', order: 'strict' } });
    await write(ORDERS);
    expect(await database.migrations!.check(io())).toEqual([]);
    await database.migrations!.up(['001_orders'], 'r', io());
    await write(MERGED);
    expect(await database.migrations!.check(io())).toEqual(WARNINGS);
  });

  test('are no longer told once they are applied', async () => {
    const { database, write } = await shop();
    await write({ ...ORDERS, ...MERGED });
    await database.migrations!.up(['000_late', '001_orders', '001_twin'], 'r', io());
    expect(await database.migrations!.remarks!(io())).toEqual({ warnings: [], notes: [] });
  });
});

test.each([
  ['nothing', ''],
  ['comments', '-- was taken back\n/* so nothing */\n'],
  ['semicolons', ';\n;'],
])('a migration of %s is recorded, and told in a note [proves strict]', async (_what, sql) => {
  const { database, write } = await shop();
  await write({ '001_none.up.sql': sql });
  expect(await database.migrations!.check(io())).toEqual([]);
  expect((await database.migrations!.remarks!(io())).notes).toEqual([
    '001_none.up.sql has no statements, and is only recorded',
  ]);
  expect(await database.migrations!.up(['001_none'], 'r', io())).toEqual(['001_none']);
  expect((await database.migrations!.status(io())).applied).toEqual(['001_none']);
});

test('what else lies in the folder is told in a note [proves N]', async () => {
  const { database, write, directory } = await shop();
  await mkdir(join(directory, 'migrations', 'archive.sql'));
  await write({ ...ORDERS, '._001_orders.up.sql': 'x' });
  expect(await database.migrations!.check(io())).toEqual([]);
  expect((await database.migrations!.remarks!(io())).notes).toEqual([
    expect.stringMatching(/^no migrations: \._001_orders\.up\.sql \(.*\), archive\.sql\/ \(a folder/),
  ]);
});

describe('the server’s own grammar decides', () => {
  test('so that a name is allowed which only a newer one reserves [proves O]', async () => {
    const { database, write } = await shop();
    const sql = `CREATE TABLE logs (\n  id int,\n  system_user text DEFAULT ';'\n);\nINSERT INTO logs (id, system_user) VALUES (1, 'é;');
      CREATE FUNCTION f() RETURNS bigint BEGIN ATOMIC SELECT count(system_user) FROM logs; END;\n`;
    await write({ '001_logs.up.sql': sql, '001_logs.down.sql': 'DROP FUNCTION f; ALTER TABLE logs DROP system_user;' });
    expect(await database.migrations!.check(io())).toEqual([]);
    await database.migrations!.up(['001_logs'], 'r', io());
    expect(await query(databases.url, 'SELECT id, logs.system_user AS by, f()::int FROM logs')).toEqual([
      { id: 1, by: 'é;', f: 1 },
    ]);
    await database.migrations!.down(['001_logs'], 'r', io());
    expect(await databases.tables()).toEqual(['logs']);
  });

  test.each([
    ['a clause that only a newer one knows', 'CREATE TABLE a (id int,\n  b int GENERATED ALWAYS AS (id) VIRTUAL);', 2],
    ['a newer statement', `SELECT 1;\nMERGE INTO t USING s ON true WHEN MATCHED THEN DELETE RETURNING *;`, 2],
    ['a mistake beside what only the server understands', 'CREATE TABLE a (system_user int);\n\nSELCT 1;', 3],
  ])('so that %s is told with its line, before anything runs [proves O]', async (_what, sql, line) => {
    const { database, write } = await shop();
    await write({ '001_x.up.sql': sql });
    expect(await database.migrations!.check(io())).toEqual([
      expect.stringMatching(`001_x\\.up\\.sql:${line}: syntax error at or near`),
    ]);
    expect(await databases.tables()).toEqual([]);
  });

  test('about large files as well, of which only the rows are left out [proves O, H]', async () => {
    const { database, write } = await shop();
    const rows = `INSERT INTO a (id) VALUES (1, 'a row of a large file');\n`.repeat(30_000);
    const newer = 'CREATE TABLE a (id int,\n  b int GENERATED ALWAYS AS (id) VIRTUAL);';
    await write({ '001_x.up.sql': `CREATE TABLE logs (system_user text);\n${rows}` });
    await write({ '002_x.up.sql': `SELECT 1;\n${rows}${newer}\nSELECT 2;` });
    expect(await database.migrations!.check(io())).toEqual([
      expect.stringMatching(/002_x\.up\.sql:30003: syntax error at or near/),
    ]);
  });

  test('with few questions, however many statements only it understands [proves O, H]', async () => {
    const { database, write } = await shop();
    const rows = 'INSERT INTO logs (id, system_user) VALUES (1, $$a row$$);\n'.repeat(20_001);
    await write({ '001_x.up.sql': `CREATE TABLE logs (id int, system_user text);\n${rows}` });
    const asked = jest.spyOn(Client.prototype, 'query');
    expect(await database.migrations!.check(io())).toEqual([]);
    expect(asked.mock.calls.length).toBeLessThan(100);
  });

  test('and tells each mistake with its line, up to twenty [proves O]', async () => {
    const { database, write } = await shop();
    const wrong = (line: number) =>
      expect.stringMatching(`001_x\\.up\\.sql:${line}: syntax error at or near`) as string;
    const files = (mistakes: number) => ({
      '001_x.up.sql': `SELECT 'é😀';\nINSERT INTO logs (system_user) VALUES ('😀');\n${'SELCT\n  1;\nINSERT INTO logs (system_user) VALUES (1);\n'.repeat(mistakes)}`,
    });
    await write(files(3));
    expect(await database.migrations!.check(io())).toEqual([wrong(3), wrong(6), wrong(9)]);
    await write(files(30));
    const told = await database.migrations!.check(io());
    expect(told).toHaveLength(20);
    expect(told.at(-1)).toMatch(/001_x\.up\.sql:60: .*; more may follow$/);
  });

  test('and asking it runs nothing, whatever the file holds [proves O]', async () => {
    const { database, write } = await shop();
    await write({
      '001_x.up.sql': '-- spillway: no transaction\nCREATE TABLE a ();\nBEGIN; CREATE TABLE b (); COMMIT;',
    });
    expect(await database.migrations!.check(io())).toEqual([]);
    expect(await databases.tables()).toEqual([]);
  });
});

describe('a large seed', () => {
  test('of 20,001 statements is applied, and told by what is done [proves H]', async () => {
    const { database, write } = await shop();
    const rows = Array.from(
      { length: 20_001 },
      (_, row) => `INSERT INTO seed VALUES (${row}, 'a note, as long as a line of text is: ${row}');\n`,
    );
    await write({ '001_seed.up.sql': `CREATE TABLE seed (id int, note text);\n${rows.join('')}` });
    expect(await database.migrations!.check(io())).toEqual([]);
    const told = io();
    await database.migrations!.up(['001_seed'], 'r', told);
    expect(await query(databases.url, 'SELECT count(*)::int FROM seed')).toEqual([{ count: 20_001 }]);
    expect(told.said.at(-1)).toMatch(
      /^001_seed\.up\.sql: statement 20002 of 20002 \(1\.. MB of 1\.. MB done\): INSERT/,
    );
  });

  test('in one statement that no parser bears is applied, and preflight says that it is not parsed [proves H]', async () => {
    const { database, write } = await shop();
    const sql = `CREATE TABLE seed (id int, note text);\nINSERT INTO seed VALUES (0, 'a')${`,\n(1, 'a longer note of a row')`.repeat(100_000)};`;
    await write({ '001_seed.up.sql': sql });
    expect(await database.migrations!.check(io())).toEqual([]);
    expect((await database.migrations!.remarks!(io())).notes).toEqual([
      '001_seed.up.sql is large: 1 of its 2 statements are not parsed before they are sent',
    ]);
    await database.migrations!.up(['001_seed'], 'r', io());
    expect(await query(databases.url, 'SELECT count(*)::int FROM seed')).toEqual([{ count: 100_001 }]);
  });
});
