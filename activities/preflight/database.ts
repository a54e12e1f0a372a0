import type { Database } from '../../databases/database';
import type { Io } from '../../domain/host';
import type { Finding } from '../../domain/preflight';
import { formatSize } from '../../domain/units';
import { withDatabase } from '../database';
import type { Parts } from '../parts';
import type { Check } from './check';
import type { PreflightCheck, Step } from '../steps';

/** Whether the database answers, can be dumped, and whether its migrations can be applied and undone. */
export async function checkDatabase(
  step: Step,
  parts: Parts,
  check: Check,
): Promise<{ checks: PreflightCheck[]; pending: string[] }> {
  const settings = step.config.database;
  if (!settings) return { checks: [], pending: [] };
  let pending: string[] = [];
  const use = (io: Io, body: (database: Database) => Promise<Finding>): Promise<Finding> =>
    withDatabase(parts, step, io, body);
  const answers = await check('database', (io) => use(io, (database) => probe(database, io)));
  if (!answers.ok || !settings.migrations) return { checks: [answers], pending };
  const migrations = await check('migrations', (io) =>
    use(io, async (database) => {
      const mistakes = await database.checkMigrations(io);
      if (mistakes.length > 0)
        return { problem: `expected migrations without mistakes, seen:\n- ${mistakes.join('\n- ')}` };
      const status = await database.migrationStatus(io);
      pending = status?.pending ?? [];
      const left = status?.unclaimed ? `; left to others: ${status.unclaimed.join(', ')}` : '';
      return { note: (pending.length > 0 ? `pending: ${pending.join(', ')}` : 'none pending') + left };
    }),
  );
  if (settings.onRollback !== 'restore') return { checks: [answers, migrations], pending };
  const restore = await check('restore', (io) => use(io, (database) => checkRestore(database, io)));
  return { checks: [answers, migrations, restore], pending };
}

async function checkRestore(database: Database, io: Io): Promise<Finding> {
  const mistakes = await database.restoreMistakes(io);
  if (mistakes.length > 0)
    return { problem: `expected to be able to restore the backup, seen:\n- ${mistakes.join('\n- ')}` };
  return { note: await database.rehearseRestore(io) };
}

async function probe(database: Database, io: Io): Promise<Finding> {
  const { version, size, tools } = await database.probe(io);
  return { note: `${version}, ${formatSize(size)}, dumped by ${tools}` };
}
