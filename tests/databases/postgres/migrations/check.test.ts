import { query } from '../../../support/postgres';
import { Databases, io, ORDERS } from '../../database-context';

const databases = new Databases('own');
const shop = (overrides?: Record<string, unknown>) => databases.project(overrides);

describe('checking, which applies nothing', () => {
  const mistakesOf = async (files: Record<string, string>, overrides?: Record<string, unknown>) => {
    const { database, write, directory } = await shop(overrides);
    await write(files);
    const mistakes = await database.migrations!.check(io());
    return mistakes.map((mistake) => mistake.replace(`${directory}/migrations`, '…'));
  };

  test.each([
    [
      'a syntax error',
      { '003_é.up.sql': '-- é\nSELECT 1;\nSELCT 2;' },
      '…/003_é.up.sql:3: syntax error at or near "SELCT"',
    ],
    [
      'a syntax error in a down file',
      { '003_x.down.sql': 'DROP TABEL x;' },
      '…/003_x.down.sql:1: syntax error at or near "TABEL"',
    ],
    ['a commit of its own', { '003_x.up.sql': 'SELECT 1;\nCOMMIT;' }, '…/003_x.up.sql:2: COMMIT is not allowed'],
    [
      'a concurrent index in a transaction',
      { '003_x.up.sql': '\n\nCREATE INDEX CONCURRENTLY i ON t (a);' },
      '…/003_x.up.sql:3: CREATE INDEX CONCURRENTLY i ON t (a) cannot run in a transaction',
    ],
    [
      'an index that an interrupted run would break for good',
      { '003_x.up.sql': '-- spillway: no transaction\nCREATE INDEX CONCURRENTLY IF NOT EXISTS i ON t (a);' },
      '…/003_x.up.sql:2: CREATE INDEX CONCURRENTLY IF NOT EXISTS takes the broken index',
    ],
    ['psql’s own commands', { '003_x.up.sql': '\\set x 1\nSELECT 1;' }, 'psql’s own commands'],
    ['data from nowhere', { '003_x.up.sql': 'COPY t FROM STDIN;' }, '…/003_x.up.sql:1: COPY … FROM STDIN has no input'],
    [
      'a name that is neither up nor down',
      { '003.sql': 'SELECT 1;' },
      '…/003.sql: expected NAME.up.sql or NAME.down.sql',
    ],
    [
      'numbers that sort wrongly',
      {
        '9_x.up.sql': 'SELECT 1;',
        '9_x.down.sql': 'SELECT 1;',
        '10_x.up.sql': 'SELECT 1;',
        '10_x.down.sql': 'SELECT 1;',
      },
      '…: 10_x sorts before 9_x; pad the numbers',
    ],
    [
      'two of the same name',
      { 'a.up.sql': 'SELECT 1;', 'a.down.sql': 'SELECT 1;', 'A.up.sql': 'SELECT 1;', 'A.down.sql': 'SELECT 1;' },
      '…: the migrations A and a have the same name',
    ],
  ])('finds %s', async (_what, files: Record<string, string>, expected) => {
    const others = Object.keys(files).map((file) =>
      file.replace(/(up|down)(?=\.sql)/, (is) => (is === 'up' ? 'down' : 'up')),
    );
    const pairs = Object.fromEntries(others.map((file) => [file, 'SELECT 1;']));
    const mistakes = await mistakesOf({ ...pairs, ...files });
    expect(mistakes).toEqual([expect.stringContaining(expected)]);
    expect(await databases.tables()).toEqual([]);
  });

  test('misses the down file only where the undo would need it', async () => {
    const files = { '001_x.up.sql': 'SELECT 1;' };
    expect(await mistakesOf(files)).toEqual([
      '…/001_x.up.sql: expected 001_x.down.sql beside it; add it, or set database.onRollback to restore or keep',
    ]);
    expect(await mistakesOf(files, { onRollback: 'restore' })).toEqual([]);
    expect(await mistakesOf(files, { onRollback: 'keep' })).toEqual([]);
  });

  test('sees that an applied file was changed, but not that its line ends were', async () => {
    const { database, write } = await shop();
    await write(ORDERS);
    await database.migrations!.up(['001_orders'], 'r', io());
    await write({ '001_orders.up.sql': ORDERS['001_orders.up.sql'].replaceAll('\n', '\r\n') });
    expect(await database.migrations!.check(io())).toEqual([]);
    await write({ '001_orders.up.sql': `${ORDERS['001_orders.up.sql']} -- more` });
    expect(await database.migrations!.check(io())).toEqual([
      expect.stringMatching(/001_orders\.up\.sql:1: .* was changed after it was applied/),
    ]);
  });

  test('says when the database user may not create the record', async () => {
    await query(databases.url, `CREATE ROLE guest LOGIN PASSWORD 'guest'`).catch(() => undefined);
    databases.url = databases.url.replace(/\/\/postgres:[^@]+@/, '//guest:guest@');
    expect(await mistakesOf(ORDERS)).toEqual([
      expect.stringMatching(/user guest to be allowed to create the schema spillway .* GRANT CREATE ON DATABASE/),
    ]);
  });

  test('a folder that is not there is a mistake in the configuration', async () => {
    const { database } = await shop({ migrations: { directory: 'nowhere' } });
    await expect(database.migrations!.check(io())).rejects.toMatchObject({ name: 'ConfigurationFailure' });
  });
});
