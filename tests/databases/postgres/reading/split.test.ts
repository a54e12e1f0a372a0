import { splitStatements } from '../../../../databases/postgres/reading/split';

const split = (sql: string) => {
  const bytes = Buffer.from(sql);
  return splitStatements(bytes).map(({ from, to }) => bytes.toString('utf8', from, to));
};

describe('a file is split where the server would', () => {
  test.each<[string, string, string[]]>([
    ['semicolons', 'SELECT 1; SELECT 2', ['SELECT 1', 'SELECT 2']],
    ['nothing between them', ';; SELECT 1;;', ['SELECT 1']],
    ['strings', `SELECT ';', 'it''s;'; SELECT 2`, [`SELECT ';', 'it''s;'`, 'SELECT 2']],
    ['a backslash in an ordinary string', `SELECT '\\'; SELECT 2`, [`SELECT '\\'`, 'SELECT 2']],
    ['escapes', `SELECT E'\\';', e'a''\\\\'; SELECT 2`, [`SELECT E'\\';', e'a''\\\\'`, 'SELECT 2']],
    ['names', `SELECT ";""" FROM "a;b"; SELECT 2`, [`SELECT ";""" FROM "a;b"`, 'SELECT 2']],
    ['comments', '-- a; b\nSELECT 1 -- c;\n; /* d; /* e; */ ; */ SELECT 2', ['SELECT 1 -- c;\n', 'SELECT 2']],
    ['dollar quotes', 'SELECT $$;$$, $a$;$$;$a$; SELECT 2', ['SELECT $$;$$, $a$;$$;$a$', 'SELECT 2']],
    ['a dollar in a name, and a parameter', 'SELECT a$b$c, $1; SELECT a$b$', ['SELECT a$b$c, $1', 'SELECT a$b$']],
    [
      'rules',
      'CREATE RULE r AS ON INSERT TO t DO (SELECT 1; SELECT 2); SELECT 3',
      ['CREATE RULE r AS ON INSERT TO t DO (SELECT 1; SELECT 2)', 'SELECT 3'],
    ],
    [
      'bodies',
      'CREATE OR REPLACE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT CASE WHEN true THEN 1 END; END; SELECT 2',
      ['CREATE OR REPLACE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT CASE WHEN true THEN 1 END; END', 'SELECT 2'],
    ],
    ['transactions', 'BEGIN; SELECT 1; END; CREATE TABLE t ()', ['BEGIN', 'SELECT 1', 'END', 'CREATE TABLE t ()']],
    ['other alphabets', `SELECT 'é;€🚀' AS größe; SELECT 2`, [`SELECT 'é;€🚀' AS größe`, 'SELECT 2']],
    ['a string without an end', `SELECT 1; SELECT 'a; SELECT 2`, ['SELECT 1', `SELECT 'a; SELECT 2`]],
  ])('at %s [proves O]', (_what, sql, statements) => expect(split(sql)).toEqual(statements));

  test('though a string has a million quotes', () => {
    const sql = `SELECT E'${`\\'''`.repeat(1_000_000)}'`;
    expect(split(`${sql}; SELECT 2`).map(({ length }) => length)).toEqual([sql.length, 8]);
  });

  test('which is nowhere in comments', () => expect(split('-- a;\r/* b; */\n')).toEqual([]));
});
