import { join } from 'node:path';
import type { ClientBase } from 'pg';
import { MigrationFailure } from '../../../domain/failures';
import type { Io } from '../../../domain/host';
import type { Scope } from '../../../domain/release';
import type { MigrationFile, MigrationFolder } from '../../migrations/files';
import { listed } from '../ownership';
import { recordMistakes, textMistakes } from './mistakes';
import { MigrationRecords, recordsMistake, type MigrationRecord } from './records';
import { settleRecords, type RecordsView } from './view';

interface Adopting {
  client: ClientBase;
  scope: Scope;
  view: RecordsView;
  directory: string;
  /** The migrations that the database is said to have. */
  files: MigrationFile[];
  io: Io;
}

/** What is not recognised would be left out, and once renamed be run against tables that exist. */
export function folderMistakes({ migrations, mistakes, ignored }: MigrationFolder, directory: string): string[] {
  if (migrations.length > 0 || mistakes.length > 0) return mistakes;
  return [
    `expected files NAME.up.sql in ${directory} to record as applied, seen ${listed(ignored) || 'none'}; give those of ` +
      'another tool such names, or correct database.migrations.directory',
  ];
}

/** Answers why these cannot be recorded as applied: what contradicts that, and what the role may not do. */
export async function baselineMistakes(adopting: Adopting): Promise<string[]> {
  const { client, scope, view, files, io } = adopting;
  const mistake = await recordsMistake(client);
  const twins = await recordMistakes(view, files, scope, io);
  return [
    ...(mistake ? [mistake] : []),
    ...(await emptyMistakes(client)),
    ...twins,
    ...(await unkeepableMistakes(adopting)),
  ];
}

/** Records keep the down files. Whether these can be run matters only once one is reverted. */
async function unkeepableMistakes({ client, directory, files, io }: Adopting): Promise<string[]> {
  const mistakes: string[] = [];
  for (const { down } of files) if (down) mistakes.push(...(await textMistakes(client, down, io)));
  return mistakes.map((mistake) => join(directory, mistake));
}

async function emptyMistakes(client: ClientBase): Promise<string[]> {
  const { rows } = await client.query<{ database: string }>(
    `SELECT current_database() AS database WHERE NOT EXISTS (
       SELECT FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
       WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND n.nspname !~ '^(pg_|information_schema$|spillway$)'
         AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e'))`,
  );
  return rows.map(
    ({ database }) =>
      `expected ${database} to have what these migrations make, seen no table in it: apply them with spillway migrate up, or ` +
      'correct database.url',
  );
}

/** What is kept of a migration that stands in the database already. */
async function recordOf({ name, checksum, down }: MigrationFile, release: string): Promise<MigrationRecord> {
  return { name, checksum, release, finished: true, down: (await down?.bytes())?.toString() ?? null };
}

/** Records all of them or none, and needs the migration lock. Those that `release` has recorded before stay so. */
export async function recordAsApplied(adopting: Adopting, release: string): Promise<void> {
  const { client, scope, view, files, io } = adopting;
  const mistakes = await baselineMistakes(adopting);
  if (mistakes.length > 0) throw new MigrationFailure(mistakes.join('\n'));
  const records = await Promise.all(files.map((file) => recordOf(file, release)));
  await settleRecords(client, scope, view, io);
  const kept = new MigrationRecords(client, scope);
  await client.query('BEGIN');
  for (const record of records) await kept.put(record, view.schema);
  await client.query('COMMIT');
}
