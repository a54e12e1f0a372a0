import { join } from 'node:path';
import type { ClientBase } from 'pg';
import type { Io } from '../../../domain/host';
import type { Scope } from '../../../domain/release';
import type { MigrationFile, MigrationScript } from '../../migrations/files';
import type { TextMistake } from '../../migrations/text';
import type { TwinRecord } from './records';
import type { RecordsView } from './view';
import { grammarMistakes } from '../reading/grammar';
import { unsureMistakes } from '../reading/unsure';
import { examine, read } from '../reading/reading';

/** Finds what is wrong with a migration's statements, in the order of its files. */
export async function migrationMistakes(
  client: ClientBase,
  { up, down }: MigrationFile,
  directory: string,
  io: Io,
): Promise<string[]> {
  const found = await scriptMistakes(client, up, false, io);
  if (down) found.push(...(await scriptMistakes(client, down, true, io)));
  return found.map((mistake) => join(directory, mistake));
}

/** Finds what keeps a record from holding the text of a script, whatever its statements are. */
export async function textMistakes(client: ClientBase, script: MigrationScript, { signal }: Io): Promise<string[]> {
  const told = await read(script, signal);
  return 'unreadable' in told ? [unreadable(script, told.unreadable)] : encodingMistakes(client, script, undefined);
}

function unreadable({ file }: MigrationScript, { line, why }: TextMistake): string {
  return `${file}:${line}: ${why}`;
}

/** @param kept whether its whole text stands in the record, not just its statements on the server */
export async function scriptMistakes(
  client: ClientBase,
  script: MigrationScript,
  kept: boolean,
  { signal }: Io,
): Promise<string[]> {
  const { file } = script;
  const told = await read(script, signal);
  if ('unreadable' in told) return [unreadable(script, told.unreadable)];
  const { examined } = told;
  const grammar = await grammarMistakes(client, script, examined);
  const unsure = await unsureMistakes(client, examined.unsure, script.transaction);
  const mistakes = [...examined.mistakes, ...grammar, ...unsure].sort((a, b) => a.line - b.line);
  if (mistakes.length > 0) return mistakes.map(({ line, why }) => `${file}:${line}: ${why}`);
  return encodingMistakes(client, script, kept ? undefined : examined.places);
}

/** Says what is unusual about a script, though it may run. */
export async function scriptNotes(script: MigrationScript, { signal }: Io): Promise<string[]> {
  const told = await read(script, signal);
  // What cannot be read is a mistake, and told as such.
  if ('unreadable' in told) return [];
  const { places, byWords } = told.examined;
  if (places.length === 0) return [`${script.file} has no statements, and is only recorded`];
  if (byWords === 0) return [];
  return [
    `${script.file} is large: ${byWords} of its ${places.length / 3} statements are not parsed before they are sent`,
  ];
}

/** @param places of what is sent; undefined: the whole text is */
async function encodingMistakes(
  client: ClientBase,
  { file, bytes }: MigrationScript,
  places: Uint32Array | undefined,
): Promise<string[]> {
  const { rows } = await client.query<{ server_encoding: string }>('SHOW server_encoding');
  const encoding = rows[0]?.server_encoding ?? '';
  if (['UTF8', 'SQL_ASCII'].includes(encoding)) return [];
  try {
    // The record keeps the whole down file; comments before statements of other files are never sent.
    await client.query('SELECT 1 WHERE $1::text IS NULL', [sentOf(await bytes(), places)]);
    return [];
  } catch (error) {
    const { code, message } = error as Error & { code?: string };
    if (code !== '22P05') throw error;
    return [
      `${file}: expected text that a database in ${encoding} can hold, seen: ${message}; leave that out, or use a database in UTF8`,
    ];
  }
}

function sentOf(bytes: Buffer, places: Uint32Array | undefined): string {
  if (!places) return bytes.toString();
  const sent: string[] = [];
  for (let at = 0; at < places.length; at += 3) sent.push(bytes.toString('utf8', places[at], places[at + 1]));
  return sent.join(';');
}

export async function recordMistakes(
  view: RecordsView,
  pending: MigrationFile[],
  scope: Scope,
  io: Io,
): Promise<string[]> {
  return [...(view.claim?.mistakes ?? []), ...(await twinMistakes(view, pending, scope, io))];
}

/** Names migrations that others may have applied here. A schema tells them apart only when no file chooses it. */
export async function twinMistakes(
  { twins, schema }: Pick<RecordsView, 'twins' | 'schema'>,
  pending: MigrationFile[],
  { app }: Scope,
  { signal }: Io,
): Promise<string[]> {
  const mistakes: string[] = [];
  for (const { name, checksum, up } of pending) {
    const same = twins.filter((each) => each.name === name && (each.app === app || each.checksum === checksum));
    if (same.length === 0) continue;
    const here = (await examine(up, signal)).choosesPlace ? same[0] : same.find((each) => each.schema === schema);
    if (here) mistakes.push(here.app === app ? explainOwn(here) : explainOlder(here));
  }
  return mistakes;
}

function explainOwn({ app, environment, name, schema }: TwinRecord): string {
  return (
    `${name}: expected to apply it to the schema ${schema ?? 'it names'} once, seen that ${app}/${environment} has applied it there. ` +
    'Give each environment a database of its own, or a schema of its own by its search path, which the files then must not name. ' +
    'If this database is a copy of that one, or the environment has a new name, give it the records (docs/databases.md, ' +
    '"A copy of a database, or a new name")'
  );
}

function explainOlder({ app, environment, name, schema }: TwinRecord): string {
  return (
    `${name}: expected to know whether it stands in the schema ${schema}, seen that an older version applied the same file ` +
    `without saying for which app, and that ${app}/${environment} has its record. Settle whether it is for this app, too ` +
    '(docs/databases.md, "Records of an older version", says how)'
  );
}
