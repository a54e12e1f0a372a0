import { createWriteStream, existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { catalogueFile, type Database } from '../databases/database';
import { BackupFailure } from '../domain/failures';
import type { Io } from '../domain/host';
import { DUMP } from './backup/backup';
import { readArchive } from './backup/archive';
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
            await restore(database, input.dump, io);
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
            await restore(database, input.dump, io);
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

/** Puts the dump of an archive back, after all of the archive was proved. */
async function restore(database: Database, archive: string | null, io: Io): Promise<void> {
  if (!archive || !existsSync(archive)) {
    throw new BackupFailure(
      `expected the backup ${archive ?? 'with a dump of the database'} on this worker's machine, seen none; ` +
        'start the worker where it was made, or restore by hand with pg_restore',
    );
  }
  const directory = await mkdtemp(join(dirname(archive), 'backup_restore.partial-'));
  try {
    const wanted = [DUMP, catalogueFile(DUMP)];
    await readArchive(archive, io, async (name, content) => {
      if (!wanted.includes(name)) for await (const chunk of content) void chunk;
      else await pipeline(content, createWriteStream(join(directory, name), { mode: 0o600 }), { signal: io.signal });
    });
    await database.restore(join(directory, DUMP), io);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}
