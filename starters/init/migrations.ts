import { readdir } from 'node:fs/promises';
import { join } from 'node:path';

const PLACES = ['migrations', 'db/migrations', 'database/migrations', 'sql/migrations', 'db', 'sql'];

/** Answers a relative path; undefined when no folder has migrations that Spillway can read. */
export async function findMigrations(directory: string): Promise<string | undefined> {
  const folders = (await readdir(directory, { withFileTypes: true }).catch(() => []))
    .filter((entry) => entry.isDirectory() && !entry.name.startsWith('.') && entry.name !== 'node_modules')
    .map((entry) => entry.name)
    .sort();
  const places = [...PLACES, ...folders.flatMap((folder) => PLACES.map((place) => `${folder}/${place}`))];
  for (const place of places) {
    const names = await readdir(join(directory, place)).catch((): string[] => []);
    const isMigration = (name: string): boolean =>
      name.endsWith('.up.sql') && names.includes(name.replace(/\.up\.sql$/, '.down.sql'));
    if (names.some(isMigration)) return `./${place}`;
  }
  return undefined;
}
