import type { ClientBase, DatabaseError } from 'pg';
import type { MigrationScript } from '../../migrations/files';
import { lineAtCharacter } from '../../migrations/text';
import { messageWithoutValues } from '../without-values';
import { ROWS, type Refusal } from './parser';
import type { StatementMistake } from './session-statements';
import type { Examined } from './statements';

/**
 * Fails before anything else runs. The server parses all of a query before it runs the first statement, so its answer
 * tells whether it understands the rest, of which it then runs nothing.
 */
const MARK = 'Spillway only has the rest of this query parsed; nothing of it runs';
const FIRST = `SELECT '${MARK}'::pg_catalog.int4;\n`;
/** Asked in parts of this size, since the server, too, needs many times as much to parse them. */
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
  { places, mistakes, refused }: Examined,
): Promise<StatementMistake[]> {
  const bytes = await script.bytes();
  if (refused.length > 0) return mistakesOfEach(client, bytes, refused);
  // The server would only repeat them in its words.
  if (mistakes.length > 0) return [];
  if (bytes.length > LARGEST) return mistakesInParts(client, bytes, places);
  const mistake = await mistakeIn(client, bytes.toString());
  return mistake ? [mistake] : [];
}

async function mistakesOfEach(client: ClientBase, bytes: Buffer, each: Refusal[]): Promise<StatementMistake[]> {
  const found: StatementMistake[] = [];
  for (const { from, to, begins } of each) {
    const mistake = await mistakeIn(client, bytes.toString('utf8', from, to));
    if (mistake) found.push({ ...mistake, line: begins + mistake.line - 1 });
  }
  return found;
}

/** Leaves out what only reads or writes rows, of which a large file has most, and whose syntax is old. */
async function mistakesInParts(client: ClientBase, bytes: Buffer, places: Uint32Array): Promise<StatementMistake[]> {
  let part: Refusal[] = [];
  let size = 0;
  const found: StatementMistake[] = [];
  const ask = async (): Promise<void> => {
    const sql = part.map(({ from, to }) => bytes.toString('utf8', from, to)).join(';\n');
    if (sql && (await mistakeIn(client, sql))) found.push(...(await mistakesOfEach(client, bytes, part)));
    part = [];
    size = 0;
  };
  for (let at = 0; at < places.length; at += 3) {
    const [from = 0, to = 0, begins = 0] = places.subarray(at, at + 3);
    if (to - from > LARGEST || ROWS.test(bytes.toString('latin1', from, Math.min(to, from + 10)))) continue;
    if (size + to - from > LARGEST) await ask();
    part.push({ from, to, begins });
    size += to - from;
  }
  await ask();
  return found;
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
    return { line: lineAtCharacter(sql, characters), why: `${messageWithoutValues(code, message)}${hint}` };
  }
}
