import type { Database } from '../../databases/database';
import type { MigrationRemarks, MigrationStatus } from '../../databases/migrations/migrations';
import { databasesOf, titleOfDatabase, type NamedDatabase } from '../../domain/databases';
import type { Io } from '../../domain/host';
import type { Finding } from '../../domain/preflight';
import { formatSize } from '../../domain/units';
import { migrationsOf, restoreOf, withDatabase } from '../database';
import type { Parts } from '../parts';
import type { Check } from './check';
import type { PreflightCheck, Step } from '../steps';

export async function checkDatabase(
  step: Step,
  parts: Parts,
  check: Check,
): Promise<{ checks: PreflightCheck[]; pending: string[] }> {
  const [named] = databasesOf(step.config);
  if (!named) return { checks: [], pending: [] };
  let pending: string[] = [];
  const { migrations: configured, onRollback } = named.settings;
  const use = (io: Io, body: (database: Database, named: NamedDatabase) => Promise<Finding>): Promise<Finding> =>
    withDatabase(parts, step, io, body);
  const answers = await check(titleOfDatabase(named.name), (io) => use(io, (database) => probe(database, io)));
  if (!answers.ok || !configured) return { checks: [answers], pending };
  const migrations = await check('migrations', (io) =>
    use(io, async (database) => {
      const mistakes = await migrationsOf(database).check(io);
      if (mistakes.length > 0)
        return { problem: `expected migrations without mistakes, seen:\n- ${mistakes.join('\n- ')}` };
      const status = await migrationsOf(database).status(io);
      pending = status.pending;
      const remarks = await migrationsOf(database).remarks?.(io);
      return describe(status, database, remarks);
    }),
  );
  if (onRollback !== 'restore') return { checks: [answers, migrations], pending };
  const restore = await check('restore', (io) => use(io, (database, given) => checkRestore(database, given, io)));
  return { checks: [answers, migrations, restore], pending };
}

function describe(
  { pending, unclaimed }: MigrationStatus,
  { capabilities }: Database,
  { warnings, notes }: MigrationRemarks = { warnings: [], notes: [] },
): Finding {
  const all = [...warnings];
  if (pending.length > 0 && !capabilities.transactionalDdl) {
    all.push('one that fails halfway leaves what it has done until then');
  }
  const parts = [pending.length > 0 ? `pending: ${pending.join(', ')}` : 'none pending', ...all, ...notes];
  if (unclaimed) parts.push(`left to others: ${unclaimed.join(', ')}`);
  return { note: parts.join('; '), ...(all.length > 0 && { warning: true }) };
}

async function checkRestore(database: Database, named: NamedDatabase, io: Io): Promise<Finding> {
  const restore = restoreOf(database, named);
  const mistakes = await restore.mistakes(io);
  if (mistakes.length > 0)
    return { problem: `expected to be able to restore the backup, seen:\n- ${mistakes.join('\n- ')}` };
  return { note: (await restore.rehearse?.(io)) ?? `not rehearsed: ${named.settings.driver} cannot try a restore` };
}

async function probe(database: Database, io: Io): Promise<Finding> {
  const { version, size, tools, mistakes = [] } = await database.probe(io);
  if (mistakes.length > 0) return { problem: mistakes.join('\n') };
  return { note: `${version}, ${formatSize(size)}, ${tools ? `dumped by ${tools}` : 'cannot be dumped'}` };
}
