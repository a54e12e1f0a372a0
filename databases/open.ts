import type { DatabaseConfig } from '../domain/config';
import type { Database, DatabaseContext } from './database';
import { openPostgres } from './postgres/postgres';

/** @throws ConfigurationFailure when the connection string does not fit the driver. */
export function openDatabase(config: DatabaseConfig, context: DatabaseContext): Database {
  switch (config.driver) {
    case 'postgres':
      return openPostgres(config, context);
  }
}
