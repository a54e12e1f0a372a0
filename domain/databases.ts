import type { AppConfig, DatabaseConfig } from './config';

/** A database, and what the configuration calls it. */
export interface NamedDatabase {
  name: string;
  settings: DatabaseConfig;
}

/** Name of the one that stands under `database`. */
export const MAIN = 'main';

/** The databases of a configuration in its order; also of one from a history, which knew `database` alone. */
export function databasesOf({ database, databases }: Pick<AppConfig, 'database' | 'databases'>): NamedDatabase[] {
  const named = Object.entries(databases ?? (database ? { [MAIN]: database } : {}));
  return named.map(([name, settings]) => ({ name, settings }));
}

/** What a database is called for people: by its name only where it has been given one. */
export function titleOfDatabase(name: string): string {
  return name === MAIN ? 'database' : `database ${name}`;
}
