import type { DatabaseConfig } from '../domain/config';
import type { Database, DatabaseContext } from './database';
import { openPostgres } from './postgres/postgres';

/**
 * Opens a database by its driver; connects only when something is asked of it.
 *
 * @throws ConfigurationFailure when the connection string is none of that driver.
 */
export function openDatabase(config: DatabaseConfig, context: DatabaseContext): Database {
  switch (config.driver) {
    case 'postgres':
      return openPostgres(config, context);
  }
}
