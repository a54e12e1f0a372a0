import { query } from '../../support/postgres';
import { Databases, io, ORDERS } from '../database-context';

const databases = new Databases();
const shop = (overrides?: Record<string, unknown>) => databases.project(overrides);
const ask = <Row extends object>(sql: string) => query<Row>(databases.url, sql);

const insert = (text: string) => `CREATE TABLE t (text text);\nINSERT INTO t VALUES ('${text}');\n`;
const DOWN = 'DROP TABLE t;\n';

/** Lets the projects that follow work on a new database in this encoding. */
async function inEncoding(encoding: string): Promise<void> {
  const name = `${new URL(databases.url).pathname.slice(1)}_${encoding.toLowerCase()}`;
  await ask(`CREATE DATABASE ${name} ENCODING '${encoding}' LOCALE 'C' TEMPLATE template0`);
  databases.url = databases.url.replace(/\/[^/]+$/, `/${name}`);
}

describe('bytes that are not what somebody wrote', () => {
  const utf16 = Buffer.from(`\uFEFF${insert('Größe')}`, 'utf16le');
  test.each<[string, string | Buffer, RegExp]>([
    ['Latin-1', Buffer.from(`-- first\n${insert('Größe')}`, 'latin1'), /:3: expected UTF-8, seen the byte 0xf6/],
    ['a zero', `${insert('a')}\0DROP TABLE t;`, /:3: expected text, seen a byte that is zero/],
    ['UTF-16 with a byte order mark', utf16, /:1: expected UTF-8, seen UTF-16/],
    ['UTF-16 without one', utf16.subarray(2), /:1: expected UTF-8, seen UTF-16/],
    ['big-endian UTF-16', Buffer.from(utf16).swap16(), /:1: expected UTF-8, seen UTF-16/],
    ['half of a character at the end', Buffer.from(`${insert('a')}-- ö`).subarray(0, -1), /:3: expected UTF-8/],
  ])('are found before anything changes: %s [proves I]', async (_what, bytes, why) => {
    const { database, write } = await shop();
    await write({ ...ORDERS, '002_t.up.sql': bytes, '002_t.down.sql': DOWN });
    expect(await database.migrations!.check(io())).toEqual([expect.stringMatching(why)]);
    await expect(database.migrations!.up(['001_orders', '002_t'], 'r', io())).rejects.toThrow(why);
    expect(await databases.tables()).toEqual([]);

    await write({ '002_t.up.sql': insert('ö'), '002_t.down.sql': bytes });
    await expect(database.migrations!.up(['001_orders', '002_t'], 'r', io())).rejects.toThrow(/002_t\.down\.sql/);
    expect(await databases.tables()).toEqual([]);
  });

  test('in a down file stop the undo before it reverts anything [proves I]', async () => {
    const { database, write } = await shop();
    await write({ ...ORDERS, '002_t.up.sql': insert('a'), '002_t.down.sql': DOWN });
    await database.migrations!.up(['001_orders', '002_t'], 'r', io());
    await write({ '001_orders.down.sql': `${ORDERS['001_orders.down.sql']}\0 DROP TABLE t;` });
    await expect(database.migrations!.down(['001_orders', '002_t'], 'r', io())).rejects.toThrow(
      /zero.*Nothing was reverted/s,
    );
    expect(await databases.tables()).toEqual(['orders', 't']);
  });

  test('are left in peace in a file that an older version has applied', async () => {
    const { database, write } = await shop();
    const bytes = Buffer.from(insert('Größe'), 'latin1');
    await write({ '001_t.up.sql': bytes.toString('utf8'), '001_t.down.sql': DOWN });
    await database.migrations!.up(['001_t'], 'r', io());
    await write({ '001_t.up.sql': bytes });
    expect(await database.migrations!.check(io())).toEqual([]);
  });
});

describe('text reaches the server as it is in the file', () => {
  test('with its line ends, in literals and functions, after a byte order mark [proves I]', async () => {
    const { database, write } = await shop();
    const sql = `\uFEFFCREATE TABLE t (text text);\r\nINSERT INTO t VALUES ('a\r\nb\nc\rd'), (E'\\\\');\r\n
      CREATE FUNCTION f() RETURNS text LANGUAGE sql AS $$\r\nSELECT 'x\r\ny'$$;\r\n`;
    await write({ '001_t.up.sql': sql, '001_t.down.sql': 'DROP FUNCTION f;\r\nDROP TABLE t;\r\n' });
    expect(await database.migrations!.check(io())).toEqual([]);
    await database.migrations!.up(['001_t'], 'r', io());
    expect(await ask('SELECT text FROM t ORDER BY text DESC')).toEqual([{ text: 'a\r\nb\nc\rd' }, { text: '\\' }]);
    expect(await ask('SELECT f()')).toEqual([{ f: 'x\r\ny' }]);
    expect(await ask('SELECT down FROM spillway.migrations')).toEqual([
      { down: 'DROP FUNCTION f;\r\nDROP TABLE t;\r\n' },
    ]);
    expect(await database.migrations!.down(['001_t'], 'r', io())).toEqual(['001_t']);
  });

  test('though each line ends as on an old Macintosh, and comments stand in comments [proves I]', async () => {
    const { database, write } = await shop();
    const sql = '-- a comment\rCREATE TABLE t (id int);\r/* one /* two */ one */ CREATE TABLE u ();\r-- end';
    await write({ '001_t.up.sql': sql, '001_t.down.sql': '-- no more\rDROP TABLE t, u;' });
    await database.migrations!.up(['001_t'], 'r', io());
    expect(await databases.tables()).toEqual(['t', 'u']);
    await database.migrations!.down(['001_t'], 'r', io());
    expect(await databases.tables()).toEqual([]);
  });

  test('with characters of every plane, also in the down file that its record keeps [proves I]', async () => {
    const text = 'Größe € 漢字 🚀 e\u0301 \u00a0 \u2028';
    const first = await shop();
    await first.write({ '001_t.up.sql': insert(text), '001_t.down.sql': `CREATE TABLE "left 🚀" ();\n${DOWN}` });
    await first.database.migrations!.up(['001_t'], 'r', io());
    expect(await ask('SELECT text FROM t')).toEqual([{ text }]);
    const second = await shop();
    expect(await second.database.migrations!.down(['001_t'], 'r', io())).toEqual(['001_t']);
    expect(await databases.tables()).toEqual(['left 🚀']);
  });

  test('in a database in LATIN1, which holds what it can and is told of what it cannot before anything changes [proves I]', async () => {
    await inEncoding('LATIN1');
    const { database, write } = await shop();
    await write({ '001_t.up.sql': `-- a rocket: 🚀\n${insert('Größe')}`, '001_t.down.sql': DOWN });
    expect(await database.migrations!.check(io())).toEqual([]);
    await database.migrations!.up(['001_t'], 'r', io());
    expect(await ask('SELECT text FROM t')).toEqual([{ text: 'Größe' }]);

    await write({ ...ORDERS, '002_u.up.sql': `INSERT INTO t VALUES ('€');`, '002_u.down.sql': '-- 🚀\nSELECT 1;' });
    const why = (file: string) =>
      expect.stringMatching(`${file}: expected text that a database in LATIN1 can hold`) as string;
    expect(await database.migrations!.check(io())).toEqual([why('002_u.up.sql'), why('002_u.down.sql')]);
    await expect(database.migrations!.up(['001_orders', '002_u'], 'r', io())).rejects.toThrow(
      /002_u\.up\.sql: .* LATIN1/,
    );
    expect(await databases.tables()).toEqual(['t']);
  });

  test('in a database in SQL_ASCII, byte for byte', async () => {
    await inEncoding('SQL_ASCII');
    const { database, write } = await shop();
    await write({ '001_t.up.sql': insert('Größe €'), '001_t.down.sql': `-- Größe €\n${DOWN}` });
    expect(await database.migrations!.check(io())).toEqual([]);
    await database.migrations!.up(['001_t'], 'r', io());
    expect(await ask(`SELECT encode(text::bytea, 'hex') AS bytes FROM t`)).toEqual([
      { bytes: Buffer.from('Größe €').toString('hex') },
    ]);
    expect(await database.migrations!.down(['001_t'], 'r', io())).toEqual(['001_t']);
  });

  test.each([
    `SET client_encoding = 'LATIN1'`,
    `SET NAMES 'LATIN1'`,
    'SET standard_conforming_strings = off',
    `SELECT pg_catalog.set_config('client_encoding', 'LATIN1', false)`,
  ])('or not at all: %s would let the server read it otherwise, and is found [proves I, G]', async (setting) => {
    const { database, write } = await shop();
    await write({ '001_t.up.sql': `${setting};\n${insert('Größe \\')}`, '001_t.down.sql': DOWN });
    const why = /:1: .* the file is read as UTF-8, with standard strings/;
    expect(await database.migrations!.check(io())).toEqual([expect.stringMatching(why)]);
  });

  test('or not at all: a setting that only the server sees is found after the run, and nothing of the file stays [proves I, G]', async () => {
    const { database, write } = await shop();
    const setting = `DO $$ BEGIN PERFORM set_config('client_' || 'encoding', 'LATIN1', false); END $$;`;
    await write({ '001_t.up.sql': `${setting}\n${insert('Größe')}`, '001_t.down.sql': DOWN });
    await expect(database.migrations!.up(['001_t'], 'r', io())).rejects.toThrow(
      /client_encoding to be UTF8.*Nothing of this file/,
    );
    expect(await databases.tables()).toEqual([]);
    expect((await database.migrations!.status(io()))?.applied).toEqual([]);
  });

  test('as a dump of PostgreSQL’s own sets it, which is what we do', async () => {
    const { database, write } = await shop();
    const dump = `SET statement_timeout = 0;\nSET client_encoding = 'UTF8';\nSET standard_conforming_strings = on;
      SELECT pg_catalog.set_config('search_path', '', false);\nSET row_security = off;\n`;
    await write({ '001_t.up.sql': dump + insert('Größe').replaceAll(' t ', ' public.t '), '001_t.down.sql': DOWN });
    expect(await database.migrations!.check(io())).toEqual([]);
    await database.migrations!.up(['001_t'], 'r', io());
    expect(await ask('SELECT text FROM t')).toEqual([{ text: 'Größe' }]);
  });
});
