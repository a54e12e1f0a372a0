import type { Database, Restore } from '../databases/database';
import type { Baseline, Migrations } from '../databases/migrations/migrations';
import { databasesOf, type NamedDatabase } from '../domain/databases';
import { ConfigurationFailure } from '../domain/failures';
import type { Io } from '../domain/host';
import type { Scope } from '../domain/release';
import type { Parts } from './parts';
import type { Step } from './steps';

/** @throws ConfigurationFailure when the configuration has none. */
export async function withDatabase<T>(
  parts: Parts,
  step: Pick<Step, 'config' | 'projectDirectory'> & { release: Scope },
  io: Io,
  body: (database: Database, named: NamedDatabase) => Promise<T>,
): Promise<T> {
  const { config, projectDirectory, release } = step;
  const [named] = databasesOf(config);
  if (!named) {
    throw new ConfigurationFailure('expected a `database` in the configuration, seen none; add it, or leave it alone');
  }
  const { app, environment } = release;
  const releases = async (asking: Io) => (await parts.state(config, release)).ledger.ids(asking);
  const place = { projectDirectory, scope: { app, environment }, releases };
  const database = await parts.database(named.settings, place, io);
  try {
    return await body(database, named);
  } finally {
    await database.close();
  }
}

/** @throws ConfigurationFailure when nothing can be migrated there. */
export function migrationsOf({ migrations }: Database): Migrations {
  if (migrations) return migrations;
  throw new ConfigurationFailure('expected `migrations` of the database in the configuration, seen none; add them');
}

/** @throws ConfigurationFailure when a team's own tool keeps the records. */
export function baselineOf(database: Database): Baseline {
  const { baseline } = migrationsOf(database);
  if (baseline) return baseline;
  throw new ConfigurationFailure(
    'expected `database.migrations.directory`, whose records Spillway keeps, seen commands of your own: let that tool adopt ' +
      'the database (alembic stamp, flyway baseline, prisma migrate resolve --applied)',
  );
}

/** @throws ConfigurationFailure when this kind of database cannot be restored. */
export function restoreOf({ restore }: Database, { settings }: NamedDatabase): Restore {
  if (restore) return restore;
  throw new ConfigurationFailure(
    `expected a database that can be restored, seen ${settings.driver}, which cannot; set its onRollback to revert or keep`,
  );
}
