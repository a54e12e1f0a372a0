import { baselineOf, withDatabase } from './database';
import { withIo, withStep } from './io';
import type { Parts } from './parts';
import type { Activities } from './steps';

/** Adopts a database that has its schema already. */
export const recordActivities = (
  parts: Parts,
): Pick<Activities, 'checkBaseline' | 'markMigrations' | 'forgetMigrations'> => ({
  checkBaseline: (input) =>
    withIo((io) =>
      withDatabase(parts, input, io, async (database) => ({
        mistakes: await baselineOf(database).mistakes(input.names, io),
        notes: (await database.migrations?.remarks?.(io))?.notes ?? [],
      })),
    ),

  markMigrations: (input) =>
    withStep(parts, input, ({ io }) =>
      withDatabase(parts, input, io, async (database) => {
        await baselineOf(database).mark(input.names, input.release.id, io);
        return { marked: input.names };
      }),
    ),

  forgetMigrations: (input) =>
    withStep(parts, input, ({ io }) =>
      withDatabase(parts, input, io, (database) => baselineOf(database).forget(input.names, input.release.id, io)),
    ),
});
