import type { Database } from '../databases/database';
import type { Io } from '../domain/host';
import { withDump } from './backup/restore';
import { withDatabase } from './database';
import { withIo, withStep } from './io';
import type { Parts } from './parts';
import type { Activities } from './steps';

type MigrateActivities =
  | 'applyMigrations'
  | 'revertMigrations'
  | 'migrationStatus'
  | 'checkMigrations'
  | 'takeFence'
  | 'downMigrations'
  | 'reapplyMigrations';

/** Changes the schema, and back. */
export const migrateActivities = (parts: Parts): Pick<Activities, MigrateActivities> => ({
  applyMigrations: (input) =>
    withStep(parts, input, ({ io }) =>
      withDatabase(parts, input, io, async (database) => {
        await database.migrateUp(input.names, input.release.id, io);
        await database.verify(io);
        return { applied: input.names };
      }),
    ),

  revertMigrations: (input) =>
    withStep(parts, input, ({ io }) =>
      withDatabase(parts, input, io, async (database, { onRollback }) => {
        switch (onRollback) {
          case 'keep':
            io.onProgress('database.onRollback is keep: what was applied stays');
            return { reverted: [] };
          case 'restore':
            await withDump(parts, input, io, (dump) => database.restore(dump, io));
            return { reverted: input.names };
          case 'revert':
            return { reverted: await database.migrateDown(input.names, input.release.id, io) };
        }
      }),
    ),

  migrationStatus: (input) =>
    withIo((io) =>
      withDatabase(
        parts,
        input,
        io,
        async (database) => (await database.migrationStatus(io)) ?? { applied: [], pending: [] },
      ),
    ),

  checkMigrations: (input) =>
    withIo((io) =>
      withDatabase(parts, input, io, async (database) => ({
        mistakes: await database.checkMigrations(io),
        restore: await database.restoreMistakes(io, input.change),
      })),
    ),

  takeFence: (input) => withStep(parts, input, () => Promise.resolve(), 'take'),

  downMigrations: (input) =>
    withStep(parts, input, ({ io }) =>
      withDatabase(parts, input, io, async (database) => {
        await database.migrateDown(input.names, null, io);
        await database.verify(io);
        return { reverted: input.names };
      }),
    ),

  reapplyMigrations: (input) =>
    withStep(parts, input, ({ io }) =>
      withDatabase(parts, input, io, async (database, { onRollback }) => {
        switch (onRollback) {
          case 'keep':
            io.onProgress('database.onRollback is keep: what was reverted stays reverted');
            return { applied: [] };
          case 'restore':
            await withDump(parts, input, io, (dump) => database.restore(dump, io));
            return { applied: input.names };
          case 'revert':
            return { applied: await reapply(database, input.names, input.release.id, io) };
        }
      }),
    ),
});

/** Applies what of these is pending, in its order. */
async function reapply(database: Database, names: string[], release: string, io: Io): Promise<string[]> {
  const { pending = [] } = (await database.migrationStatus(io)) ?? {};
  return database.migrateUp(
    pending.filter((name) => names.includes(name)),
    release,
    io,
  );
}
