import type { ClientBase, DatabaseError } from 'pg';
import type { MigrationScript } from '../../migrations/files';
import { lineAtCharacter } from '../../migrations/text';
import type { StatementMistake } from './session-statements';
import type { Examined } from './statements';

/**
 * Fails before anything else runs. The server parses all of a query before it runs the first statement, so its answer
 * tells whether it understands the rest, of which it then runs nothing.
 */
const MARK = 'Spillway only has the rest of this query parsed; nothing of it runs';
const FIRST = `SELECT '${MARK}'::pg_catalog.int4;\n`;
/** Larger files are parsed by us alone, since the server, too, needs many times their size. */
const LARGEST = 2 ** 20;
/** What cannot be sent in the encoding of the database is told elsewhere. */
const UNTRANSLATABLE = '22P05';

/**
 * Has the server parse what our parser, which is of another version, does not understand. Of what ours understands the
 * server parses all, too, because it may be older.
 */
export async function grammarMistakes(
  client: ClientBase,
  script: MigrationScript,
  { places, refused }: Examined,
): Promise<StatementMistake[]> {
  if (refused.length === 0) {
    const isSmall = (places.at(-2) ?? 0) <= LARGEST;
    const mistake = isSmall && (await mistakeIn(client, (await script.bytes()).toString()));
    return mistake ? [mistake] : [];
  }
  const bytes = await script.bytes();
  const mistakes: StatementMistake[] = [];
  for (const { from, to, begins } of refused) {
    const mistake = await mistakeIn(client, bytes.toString('utf8', from, to));
    if (mistake) mistakes.push({ ...mistake, line: begins + mistake.line - 1 });
  }
  return mistakes;
}

async function mistakeIn(client: ClientBase, sql: string): Promise<StatementMistake | undefined> {
  try {
    await client.query(FIRST + sql);
    throw new Error(`expected the server to refuse «${FIRST}», seen that it runs it`);
  } catch (error) {
    const { code = '', message, position, severity } = error as Partial<DatabaseError> & Error;
    if (message.includes(MARK) || code === UNTRANSLATABLE) return undefined;
    if (!severity || code.startsWith('57')) throw error;
    const hint = /^\s*\\/m.test(sql) ? ' (psql’s own commands, which begin with \\, do not work here)' : '';
    const characters = Math.max(0, Number(position ?? FIRST.length + 1) - FIRST.length - 1);
    return { line: lineAtCharacter(sql, characters), why: `${message}${hint}` };
  }
}
