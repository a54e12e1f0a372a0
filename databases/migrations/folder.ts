import type { Dirent } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { ConfigurationFailure } from '../../domain/failures';

export const MIGRATION = /^([^.].*)\.(up|down)\.sql$/;

/** What lies in the folder of migrations. */
export interface Listing {
  /** Names of the files that are migrations, in the order of their names. */
  files: string[];
  mistakes: string[];
  /** What is left alone, and why. */
  ignored: string[];
}

/** Editors, file managers and checkouts leave these, and nobody means them to be applied. */
const LEFTOVER = /^\.|^#.*#$|~$|\.(bak|orig|rej|swp|swo|tmp)$|^(thumbs\.db|desktop\.ini)$/i;
/** Nobody takes these for a migration, so they are not worth a word. */
const HARMLESS = /\.(md|txt|rst|adoc)$|^(readme|license|makefile)$/i;
/** Somebody may take these for a migration: `.UP.SQL`, `.sql` alone, `.up` without `.sql`. */
const NEAR = /\.sql$|\.(up|down)$/i;

/** @throws ConfigurationFailure when the folder cannot be read. */
export async function listMigrations(directory: string): Promise<Listing> {
  const listing: Listing = { files: [], mistakes: [], ignored: [] };
  const entries = await entriesOf(directory);
  for (const entry of entries.sort((a, b) => compare(a.name, b.name))) await sort(directory, entry, listing);
  return listing;
}

/** Compares code units, which gives the same order in every locale. */
export function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

async function entriesOf(directory: string): Promise<Dirent[]> {
  try {
    return await readdir(directory, { withFileTypes: true });
  } catch (error) {
    throw unreadable(directory, 'a folder with migrations', error, 'correct database.migrations.directory');
  }
}

async function sort(directory: string, entry: Dirent, { files, mistakes, ignored }: Listing): Promise<void> {
  const { name } = entry;
  const isSql = /\.sql/i.test(name);
  if (LEFTOVER.test(name)) {
    if (isSql) ignored.push(`${name} (a leftover of an editor or another system)`);
    return;
  }
  const kind = await kindOf(directory, entry);
  if (kind === 'folder') ignored.push(`${name}/ (a folder; migrations lie in ${directory} itself)`);
  else if (MIGRATION.test(name) && kind === 'file') files.push(name);
  else if (MIGRATION.test(name))
    mistakes.push(`${join(directory, name)}: expected a file, seen ${kind}; replace or remove it`);
  else if (NEAR.test(name)) mistakes.push(`${join(directory, name)}: ${rightName(name)}; rename or move it`);
  else if (!HARMLESS.test(name)) ignored.push(name);
}

function rightName(name: string): string {
  const [, stem, direction] = /^(.*)\.(up|down)(?:\.sql)?$/i.exec(name) ?? [];
  const right = stem && direction ? `${stem}.${direction.toLowerCase()}.sql` : 'NAME.up.sql or NAME.down.sql';
  return `expected ${right}`;
}

async function kindOf(directory: string, entry: Dirent): Promise<string> {
  const seen = entry.isSymbolicLink() ? await stat(join(directory, entry.name)).catch(() => undefined) : entry;
  if (!seen) return 'a link that leads nowhere';
  if (seen.isDirectory()) return 'folder';
  return seen.isFile() ? 'file' : 'something else';
}

/** Says in a sentence why a file or folder cannot be read. */
export function unreadable(path: string, expected: string, error: unknown, advice: string): ConfigurationFailure {
  const { code = '', message } = error as NodeJS.ErrnoException;
  return new ConfigurationFailure(`expected ${expected} at ${path}, seen ${SEEN[code] ?? message}; ${advice}`);
}

const SEEN: Record<string, string> = {
  ENOENT: 'none',
  ENOTDIR: 'a file',
  EISDIR: 'a folder',
  EACCES: 'that the worker may not read it',
  EPERM: 'that the worker may not read it',
  ELOOP: 'a link that leads to itself',
};
