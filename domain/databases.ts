import type { AppConfig, DatabaseConfig } from './config';

export interface NamedDatabase {
  name: string;
  settings: DatabaseConfig;
}

/** The name of the database under `database`. */
export const MAIN = 'main';

/** Histories of older versions have only `database`. */
export function databasesOf({ database, databases }: Pick<AppConfig, 'database' | 'databases'>): NamedDatabase[] {
  const named = Object.entries(databases ?? (database ? { [MAIN]: database } : {}));
  return named.map(([name, settings]) => ({ name, settings }));
}

export function titleOfDatabase(name: string): string {
  return name === MAIN ? 'database' : `database ${name}`;
}
