import { join } from 'node:path';
import type { ClientBase } from 'pg';
import type { Scope } from '../../../domain/release';
import type { MigrationFile, MigrationScript } from '../../migrations/files';
import { choosesPlace } from './place';
import type { TwinRecord } from './records';
import type { RecordsView } from './view';
import { parseStatements } from '../parser';
import { statementMistakes } from '../statements';

export async function scriptMistakes(
  client: ClientBase,
  { up, down }: MigrationFile,
  directory: string,
): Promise<string[]> {
  const found: string[] = [];
  for (const script of down ? [up, down] : [up]) {
    const mistakes = await statementMistakes(script);
    if (mistakes.length === 0) mistakes.push(...(await encodingMistakes(client, script, script === down)));
    found.push(...mistakes);
  }
  return found.map((mistake) => join(directory, mistake));
}

async function encodingMistakes(client: ClientBase, { file, sql }: MigrationScript, kept: boolean): Promise<string[]> {
  const { rows } = await client.query<{ server_encoding: string }>('SHOW server_encoding');
  const encoding = rows[0]?.server_encoding ?? '';
  if (['UTF8', 'SQL_ASCII'].includes(encoding)) return [];
  try {
    // The record keeps the whole down file; comments before statements of other files are never sent.
    await client.query('SELECT 1 WHERE $1::text IS NULL', [kept ? sql : await sentOf(sql)]);
    return [];
  } catch (error) {
    const { code, message } = error as Error & { code?: string };
    if (code !== '22P05') throw error;
    return [
      `${file}: expected text that a database in ${encoding} can hold, seen: ${message}; leave that out, or use a database in UTF8`,
    ];
  }
}

async function sentOf(sql: string): Promise<string> {
  const statements = await parseStatements(sql);
  return Array.isArray(statements) ? statements.map((statement) => statement.sql).join(';') : sql;
}

export async function recordMistakes(view: RecordsView, pending: MigrationFile[], scope: Scope): Promise<string[]> {
  return [...(view.claim?.mistakes ?? []), ...(await twinMistakes(view, pending, scope))];
}

/** Names migrations that others may have applied here. A schema tells them apart only when no file chooses it. */
export async function twinMistakes(
  { twins, schema }: Pick<RecordsView, 'twins' | 'schema'>,
  pending: MigrationFile[],
  { app }: Scope,
): Promise<string[]> {
  const mistakes: string[] = [];
  for (const { name, checksum, up } of pending) {
    const same = twins.filter((each) => each.name === name && (each.app === app || each.checksum === checksum));
    if (same.length === 0) continue;
    const here = (await choosesPlace(up.sql)) ? same[0] : same.find((each) => each.schema === schema);
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
