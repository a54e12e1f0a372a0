import type * as libpgQuery from 'libpg-query';
import { Parser, type Refusal, type Statement } from '../../../../databases/postgres/reading/parser';

/** Bytes that the parser was given. */
let given = 0;

jest.mock('libpg-query', () => {
  const actual = jest.requireActual<typeof libpgQuery>('libpg-query');
  const parseSync = (sql: string) => {
    given += Buffer.byteLength(sql);
    return actual.parseSync(sql);
  };
  return { ...actual, parseSync };
});

async function parsed(sql: string) {
  given = 0;
  const statements: Pick<Statement, 'line' | 'kind' | 'sql'>[] = [];
  const refused: Pick<Refusal, 'begins'>[] = [];
  const listener = {
    statement: ({ line, kind, sql }: Statement) => void statements.push({ line, kind, sql }),
    refusal: ({ begins }: Refusal) => void refused.push({ begins }),
  };
  await Parser.run(Buffer.from(sql), listener, true);
  return { statements, refused };
}

const rows = (count: number) =>
  Array.from({ length: count }, (_, row) => `INSERT INTO seed (id, name) VALUES (${row}, 'row ${row}: é');\n`).join('');

describe('parsing', () => {
  test.each([5_001, 20_001, 40_001])(
    'looks at each byte of %s INSERTs about once, so that twice as many take twice as long [proves H]',
    async (count) => {
      const sql = `CREATE TABLE seed (id int, name text);\n${rows(count)}`;
      const { statements, refused } = await parsed(sql);
      expect(refused).toEqual([]);
      expect(statements).toHaveLength(count + 1);
      expect(statements.at(-1)).toMatchObject({ line: count + 1, kind: 'InsertStmt' });
      expect(given).toBeLessThanOrEqual(Buffer.byteLength(sql));
    },
  );

  test('gives the parser no more of a large seed than it reads in about a second, but all that is no row [proves H]', async () => {
    const sql = `${rows(200_000)}DROP TABLE seed;\nVACUM seed;\n`;
    const { statements, refused } = await parsed(sql);
    expect(given).toBeLessThan(6 * 2 ** 20);
    expect(statements.at(-2)).toMatchObject({ line: 200_001, kind: 'DropStmt' });
    expect(refused).toEqual([{ begins: 200_002 }]);
  });

  test('keeps one huge statement from the parser, and knows it by its beginning [proves H]', async () => {
    const sql = `INSERT INTO seed VALUES (0)${',\n(1)'.repeat(2 ** 20)};\nSELECT 1;`;
    const { statements, refused } = await parsed(sql);
    expect(refused).toEqual([]);
    expect(statements).toMatchObject([
      { line: 1, kind: '', sql: expect.stringMatching(/^INSERT INTO seed/) },
      { line: 2 ** 20 + 2, kind: 'SelectStmt' },
    ]);
    expect(given).toBeLessThan(100);
  });

  test('finds each statement that it does not understand, with its line [proves O]', async () => {
    const { statements, refused } = await parsed(
      'SELECT 1;\nCREATE TABLE t (\n  system_user text);\nSELECT 2;\nSELCT 3;',
    );
    expect(statements.map(({ kind }) => kind)).toEqual(['SelectStmt', '', 'SelectStmt', '']);
    expect(refused).toEqual([{ begins: 2 }, { begins: 5 }]);
  });
});
