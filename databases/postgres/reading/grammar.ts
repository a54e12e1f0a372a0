import type { ClientBase, DatabaseError } from 'pg';
import type { MigrationScript } from '../../migrations/files';
import { charactersOf, lineAtCharacter } from '../../migrations/text';
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

/** Who has so many mistakes in one file corrects these first; each costs a question. */
const TOLD = 20;

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
  if (refused.length > 0) return mistakesInParts(client, bytes, refused);
  // The server would only repeat them in its words.
  if (mistakes.length > 0) return [];
  if (bytes.length > LARGEST) return mistakesInParts(client, bytes, withoutRows(bytes, places));
  const mistake = await mistakeIn(client, bytes.toString());
  return mistake ? [mistake] : [];
}

/** Leaves out what only reads or writes rows, of which a large file has most, and whose syntax is old. */
function* withoutRows(bytes: Buffer, places: Uint32Array): Generator<Refusal> {
  for (let at = 0; at < places.length; at += 3) {
    const [from = 0, to = 0, begins = 0] = places.subarray(at, at + 3);
    if (to - from > LARGEST || ROWS.test(bytes.toString('latin1', from, Math.min(to, from + 10)))) continue;
    yield { from, to, begins };
  }
}

/** One question for each part, since a file may have thousands of statements, and a question its way to the server. */
async function mistakesInParts(
  client: ClientBase,
  bytes: Buffer,
  statements: Iterable<Refusal>,
): Promise<StatementMistake[]> {
  const found: StatementMistake[] = [];
  for (const part of parts(statements)) {
    found.push(...(await mistakesInPart(client, bytes, part, TOLD - found.length)));
    if (found.length < TOLD) continue;
    const last = found.at(-1) as StatementMistake;
    return [...found.slice(0, -1), { ...last, why: `${last.why}; more may follow` }];
  }
  return found;
}

function* parts(statements: Iterable<Refusal>): Generator<Refusal[]> {
  let part: Refusal[] = [];
  let size = 0;
  for (const statement of statements) {
    const length = statement.to - statement.from;
    if (part.length > 0 && size + length > LARGEST) {
      yield part;
      part = [];
      size = 0;
    }
    part.push(statement);
    size += length;
  }
  if (part.length > 0) yield part;
}

/** The server names the first mistake only, so what follows it is asked again. */
async function mistakesInPart(
  client: ClientBase,
  bytes: Buffer,
  part: Refusal[],
  most: number,
): Promise<StatementMistake[]> {
  const found: StatementMistake[] = [];
  let rest = part.map(({ from, to, begins }) => ({ sql: bytes.toString('utf8', from, to), begins }));
  while (rest.length > 0 && found.length < most) {
    const refusal = await refusalOf(client, rest.map(({ sql }) => sql).join(SEPARATOR));
    if (!refusal) break;
    const index = indexAt(rest, refusal.characters ?? Infinity);
    const named = refusal.characters === undefined ? [] : await mistakesOfEach(client, [rest[index]!]);
    // Where the server names none, or one that it takes alone, each so far is asked alone.
    found.push(...(named.length > 0 ? named : await mistakesOfEach(client, rest.slice(0, index + 1))));
    rest = rest.slice(index + 1);
  }
  return found;
}

const SEPARATOR = ';\n';

interface Alone {
  sql: string;
  /** The line in the file in which it begins. */
  begins: number;
}

async function mistakesOfEach(client: ClientBase, each: Alone[]): Promise<StatementMistake[]> {
  const found: StatementMistake[] = [];
  for (const { sql, begins } of each) {
    const mistake = await mistakeIn(client, sql);
    if (mistake) found.push({ ...mistake, line: begins + mistake.line - 1 });
  }
  return found;
}

/** The statement in which a character stands; else the last one. */
function indexAt(statements: Alone[], characters: number): number {
  let end = 0;
  const index = statements.findIndex(({ sql }) => {
    end += charactersOf(sql) + SEPARATOR.length;
    return characters < end;
  });
  return index === -1 ? statements.length - 1 : index;
}

async function mistakeIn(client: ClientBase, sql: string): Promise<StatementMistake | undefined> {
  const refusal = await refusalOf(client, sql);
  return refusal && { line: lineAtCharacter(sql, refusal.characters ?? 0), why: refusal.why };
}

interface ServerRefusal {
  /** How many characters stand before the mistake; absent when the server does not say. */
  characters?: number;
  why: string;
}

async function refusalOf(client: ClientBase, sql: string): Promise<ServerRefusal | undefined> {
  try {
    await client.query(FIRST + sql);
    throw new Error(`expected the server to refuse «${FIRST}», seen that it runs it`);
  } catch (error) {
    const { code = '', message, position, severity } = error as Partial<DatabaseError> & Error;
    if (message.includes(MARK) || code === UNTRANSLATABLE) return undefined;
    if (!severity || code.startsWith('57')) throw error;
    const hint = /^\s*\\/m.test(sql) ? ' (psql’s own commands, which begin with \\, do not work here)' : '';
    const why = `${messageWithoutValues(code, message)}${hint}`;
    return { ...(position && { characters: Math.max(0, Number(position) - FIRST.length - 1) }), why };
  }
}
