import type { Database } from '../databases/database';
import type { Migrations } from '../databases/migrations/migrations';
import type { NamedDatabase } from '../domain/databases';
import type { Io } from '../domain/host';
import { withDump } from './backup/restore';
import { migrationsOf, restoreOf, withDatabase } from './database';
import { withIo, withStep } from './io';
import type { Parts } from './parts';
import type { Activities, Step } from './steps';

type MigrateActivities =
  | 'applyMigrations'
  | 'revertMigrations'
  | 'migrationStatus'
  | 'checkMigrations'
  | 'downMigrations'
  | 'reapplyMigrations';

export const migrateActivities = (parts: Parts): Pick<Activities, MigrateActivities> => ({
  applyMigrations: (input) =>
    withStep(parts, input, ({ io }) =>
      withDatabase(parts, input, io, async (database) => {
        await migrationsOf(database).up(input.names, input.release.id, io);
        await database.verify(io);
        return { applied: input.names };
      }),
    ),

  revertMigrations: (input) =>
    withStep(parts, input, ({ io }) =>
      withDatabase(parts, input, io, async (database, named) => {
        switch (named.settings.onRollback) {
          case 'keep':
            io.onProgress('database.onRollback is keep: what was applied stays');
            return { reverted: [] };
          case 'restore':
            await putBack({ parts, input, io }, database, named);
            return { reverted: input.names };
          case 'revert':
            return { reverted: await migrationsOf(database).down(input.names, input.release.id, io) };
        }
      }),
    ),

  migrationStatus: (input) =>
    withIo((io) =>
      withDatabase(
        parts,
        input,
        io,
        async ({ migrations }) => (await migrations?.status(io)) ?? { applied: [], pending: [] },
      ),
    ),

  checkMigrations: (input) =>
    withIo((io) =>
      withDatabase(parts, input, io, async (database) => ({
        mistakes: (await database.migrations?.check(io)) ?? [],
        restore: (await database.restore?.mistakes(io, input.change)) ?? [],
      })),
    ),

  downMigrations: (input) =>
    withStep(parts, input, ({ io }) =>
      withDatabase(parts, input, io, async (database) => {
        await migrationsOf(database).down(input.names, null, io);
        await database.verify(io);
        return { reverted: input.names };
      }),
    ),

  reapplyMigrations: (input) =>
    withStep(parts, input, ({ io }) =>
      withDatabase(parts, input, io, async (database, named) => {
        switch (named.settings.onRollback) {
          case 'keep':
            io.onProgress('database.onRollback is keep: what was reverted stays reverted');
            return { applied: [] };
          case 'restore':
            await putBack({ parts, input, io }, database, named);
            return { applied: input.names };
          case 'revert':
            return { applied: await reapply(migrationsOf(database), input, io) };
        }
      }),
    ),
});

type Undo = Parameters<Activities['revertMigrations']>[0];

async function putBack(
  { parts, input, io }: { parts: Parts; input: Undo; io: Io },
  database: Database,
  named: NamedDatabase,
): Promise<void> {
  await withDump(parts, { ...input, database: named.name }, io, (dump) => restoreOf(database, named).from(dump, io));
}

async function reapply(
  migrations: Migrations,
  { names, release }: Step & { names: string[] },
  io: Io,
): Promise<string[]> {
  const { pending } = await migrations.status(io);
  return migrations.up(
    pending.filter((name) => names.includes(name)),
    release.id,
    io,
  );
}
