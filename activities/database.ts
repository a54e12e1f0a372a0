import type { Database } from '../databases/database';
import type { DatabaseConfig } from '../domain/config';
import { ConfigurationFailure } from '../domain/failures';
import type { Io } from '../domain/host';
import type { Parts } from './parts';
import type { Step } from './steps';

/**
 * Opens the database of a configuration for `body` and closes it afterwards.
 *
 * @throws ConfigurationFailure when the configuration has none.
 */
export async function withDatabase<T>(
  parts: Parts,
  { config, projectDirectory }: Pick<Step, 'config' | 'projectDirectory'>,
  io: Io,
  body: (database: Database, settings: DatabaseConfig) => Promise<T>,
): Promise<T> {
  if (!config.database) {
    throw new ConfigurationFailure('expected a `database` in the configuration, seen none; add it, or leave it alone');
  }
  const database = await parts.database(config.database, projectDirectory, io);
  try {
    return await body(database, config.database);
  } finally {
    await database.close();
  }
}
