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
      withDatabase(parts, input, io, async (database, named) => ({
        reverted: await rollBack({ parts, input, io }, database, named, {
          kept: 'what was applied stays',
          revert: (migrations) => migrations.down(input.names, input.release.id, io),
        }),
      })),
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
      withDatabase(parts, input, io, async (database) => {
        const mistakes = (await database.migrations?.check(io)) ?? [];
        const restore = (await database.restore?.mistakes(io, input.change)) ?? [];
        // Those who revert do not ask about what is pending.
        const remarks = input.change === 'down' ? undefined : await database.migrations?.remarks?.(io);
        const warnings = (remarks?.warnings ?? []).filter((warning) => !mistakes.includes(warning));
        return { mistakes, restore, warnings, notes: remarks?.notes ?? [] };
      }),
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
      withDatabase(parts, input, io, async (database, named) => ({
        applied: await rollBack({ parts, input, io }, database, named, {
          kept: 'what was reverted stays reverted',
          revert: (migrations) => reapply(migrations, input, io),
        }),
      })),
    ),
});

type Undo = Parameters<Activities['revertMigrations']>[0];

interface Ways {
  /** It says in words what `keep` means here. */
  kept: string;
  /** It does what `revert` means here, and answers the migrations that it changed. */
  revert: (migrations: Migrations) => Promise<string[]>;
}

/** Undoes a step as `database.onRollback` says, and answers which migrations it changed. */
async function rollBack(
  { parts, input, io }: { parts: Parts; input: Undo; io: Io },
  database: Database,
  named: NamedDatabase,
  { kept, revert }: Ways,
): Promise<string[]> {
  switch (named.settings.onRollback) {
    case 'keep':
      io.onProgress(`database.onRollback is keep: ${kept}`);
      return [];
    case 'restore':
      await withDump(parts, { ...input, database: named.name }, io, (dump) =>
        restoreOf(database, named).from(dump, io),
      );
      return input.names;
    case 'revert':
      return revert(migrationsOf(database));
  }
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
