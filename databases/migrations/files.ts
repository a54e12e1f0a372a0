import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ConfigurationFailure } from '../../domain/failures';
import { decodeMigration, type MigrationText } from './text';

/** The first line of a file whose statements cannot run in a transaction. */
export const NO_TRANSACTION = '-- spillway: no transaction';

const NAME = /^(.+)\.(up|down)\.sql$/;

export interface MigrationScript {
  file: string;
  sql: string;
  transaction: boolean;
  /** Absent when the bytes are text and the script may run. */
  unreadable?: MigrationText['mistake'];
}

export interface MigrationFile {
  name: string;
  up: MigrationScript;
  down?: MigrationScript;
  /** The SHA-256 of the up file with line ends made equal, since another system's checkout may change them. */
  checksum: string;
}

export interface MigrationFolder {
  migrations: MigrationFile[];
  mistakes: string[];
}

/** @throws ConfigurationFailure when the folder cannot be read. */
export async function readMigrations(directory: string): Promise<MigrationFolder> {
  const files = (await namesIn(directory)).filter((file) => file.endsWith('.sql'));
  const scripts = new Map(
    await Promise.all(files.map(async (file) => [file, await readScript(directory, file)] as const)),
  );
  const migrations: MigrationFile[] = [];
  for (const [file, up] of scripts) {
    const [, name, direction] = NAME.exec(file) ?? [];
    if (!name || direction !== 'up') continue;
    const checksum = createHash('sha256').update(up.sql.replaceAll('\r\n', '\n')).digest('hex');
    migrations.push({ name, up, down: scripts.get(`${name}.down.sql`), checksum });
  }
  migrations.sort((a, b) => compare(a.name, b.name));
  return { migrations, mistakes: nameMistakes(directory, files, migrations) };
}

export function scriptOf(file: string, sql: string): MigrationScript {
  return {
    file,
    sql,
    transaction:
      sql
        .split(/[\r\n]/, 1)[0]
        ?.trim()
        .toLowerCase() !== NO_TRANSACTION,
  };
}

async function namesIn(directory: string): Promise<string[]> {
  try {
    return (await readdir(directory)).sort(compare);
  } catch (error) {
    throw new ConfigurationFailure(
      `expected a folder with migrations at ${directory}, seen ${(error as NodeJS.ErrnoException).code}: ` +
        'correct database.migrations.directory',
    );
  }
}

async function readScript(directory: string, file: string): Promise<MigrationScript> {
  const { text, mistake } = decodeMigration(await readFile(join(directory, file)));
  return { ...scriptOf(file, text), ...(mistake && { unreadable: mistake }) };
}

/** Compares code units, which gives the same order in every locale. */
function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function nameMistakes(directory: string, files: string[], migrations: MigrationFile[]): string[] {
  const mistakes: string[] = [];
  const names = new Set(migrations.map(({ name }) => name));
  for (const file of files) {
    const [, name, direction] = NAME.exec(file) ?? [];
    if (!name) mistakes.push(`${join(directory, file)}: expected NAME.up.sql or NAME.down.sql; rename or move it`);
    else if (direction === 'down' && !names.has(name)) {
      mistakes.push(`${join(directory, file)}: expected ${name}.up.sql beside it; add it or remove this file`);
    }
  }
  const seen = new Map<string, string>();
  let previous: string | undefined;
  for (const { name } of migrations) {
    const twin = seen.get(name.toLowerCase());
    if (twin) mistakes.push(`${directory}: the migrations ${twin} and ${name} have the same name; rename one`);
    seen.set(name.toLowerCase(), name);
    if (previous !== undefined && numberOf(previous) > numberOf(name)) {
      mistakes.push(`${directory}: ${previous} sorts before ${name}; pad the numbers with zeros to the same length`);
    }
    previous = name;
  }
  return mistakes;
}

function numberOf(name: string): number {
  return Number(/^\d+/.exec(name)?.[0] ?? Number.NaN);
}
