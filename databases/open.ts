import type { DatabaseConfig } from '../domain/config';
import type { Database } from './database';
import { openPostgres, type DatabaseContext } from './postgres/postgres';

export type { DatabaseContext } from './postgres/postgres';

/**
 * Opens the database of a configuration by its driver.
 *
 * @throws ConfigurationFailure when the connection string is none of that driver.
 */
export function openDatabase(config: DatabaseConfig, context: DatabaseContext): Database {
  switch (config.driver) {
    case 'postgres':
      return openPostgres(config, context);
  }
}
