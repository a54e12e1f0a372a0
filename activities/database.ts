import type { Database } from '../databases/database';
import type { DatabaseConfig } from '../domain/config';
import { ConfigurationFailure } from '../domain/failures';
import type { Io } from '../domain/host';
import type { Scope } from '../domain/release';
import type { Parts } from './parts';
import type { Step } from './steps';

/**
 * Opens the database of a configuration for `body` and closes it afterwards.
 *
 * @throws ConfigurationFailure when the configuration has none.
 */
export async function withDatabase<T>(
  parts: Parts,
  step: Pick<Step, 'config' | 'projectDirectory'> & { release: Scope },
  io: Io,
  body: (database: Database, settings: DatabaseConfig) => Promise<T>,
): Promise<T> {
  const { config, projectDirectory, release } = step;
  if (!config.database) {
    throw new ConfigurationFailure('expected a `database` in the configuration, seen none; add it, or leave it alone');
  }
  const { app, environment } = release;
  const releases = async (asking: Io) => (await parts.state(config, release)).ledger.ids(asking);
  const place = { projectDirectory, scope: { app, environment }, releases };
  const database = await parts.database(config.database, place, io);
  try {
    return await body(database, config.database);
  } finally {
    await database.close();
  }
}
