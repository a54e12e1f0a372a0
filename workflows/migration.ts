import { ActivityFailure, ApplicationFailure, isCancellation, patched, TemporalFailure } from '@temporalio/workflow';
import type { BackupReport } from '../activities/steps';
import { chooseDown, titleOfUndo } from '../domain/migration';
import type { MigrationAction, MigrationLook, MigrationResult } from '../domain/migration';
import { asRequest } from '../domain/request';
import type { MigrationRequest, OldRequest } from '../domain/request';
import type { LiveState } from '../domain/live-state';
import type { Outcome } from '../domain/release';
import { recordBaseline } from './baseline';
import { finish, goBack } from './going-back';
import { backupPhase, migratePhase } from './preparing';
import { begin, isLiveDead, phase, skip, summarised } from './run';
import type { Run, WorkInput } from './run';
import { brief, heavy, quick, slow, undoing } from './steps';
import { untilStopped } from './stopping';

type MigrationInput = WorkInput<MigrationRequest | OldRequest>;

type MigrationRun = Run<MigrationRequest>;

interface Change {
  names: string[];
  backup?: BackupReport;
}

/** A change locks its environment like a release, backs up first, and puts everything back when it fails. */
export async function migration({ request: given, ...rest }: MigrationInput): Promise<MigrationLook | MigrationResult> {
  const request = asRequest(given);
  const { action } = request;
  if (action.kind === 'status') return look(request);
  const run = begin({ request, ...rest });
  const change: Change = { names: [] };
  const ended = async (outcome: Outcome): Promise<MigrationResult> => {
    const { names } = change;
    const backup = change.backup?.name ?? change.backup?.file;
    return finish(run, outcome, { names, ...(backup && { backup }) });
  };
  try {
    return await ended(await untilStopped(run.control, request.config.deadline, () => forward(run, action, change)));
  } catch (error) {
    // A programming error parks the migration until a fixed worker replays it; an undo would be a guess.
    if (!(error instanceof TemporalFailure)) throw error;
    return await ended(await goBack(run, error));
  }
}

/** A person waits, so a database that is away for longer counts as unreachable. */
const LOOK_TIMEOUT = '20s';

async function look({ app, environment, config, projectDirectory, action }: MigrationRequest): Promise<MigrationLook> {
  const input = { release: { app, environment }, config, projectDirectory };
  const scheduleToCloseTimeout = LOOK_TIMEOUT;
  const { mistakes, ...told } = await quick.checkMigrations.executeWithOptions(
    { summary: 'check the pending migrations', scheduleToCloseTimeout },
    [action.kind === 'down' ? { ...input, change: 'down' } : input],
  );
  const status = await quick.migrationStatus.executeWithOptions(
    { summary: 'ask which are applied', scheduleToCloseTimeout },
    [input],
  );
  // What there is nothing of stays out, as it does where an older worker answers.
  const { restore = [], warnings = [], notes = [] } = told;
  return {
    ...status,
    mistakes,
    ...(restore.length > 0 && { restore }),
    ...(warnings.length > 0 && { warnings }),
    ...(notes.length > 0 && { notes }),
  };
}

async function forward(
  run: MigrationRun,
  action: Exclude<MigrationAction, { kind: 'status' }>,
  change: Change,
): Promise<Outcome> {
  if (action.kind === 'baseline') return recordBaseline(run, action, change);
  change.names = await choosePhase(run, action);
  if (change.names.length === 0) {
    run.control.changed({ why: action.kind === 'up' ? 'no migration is pending' : 'no migration is to be reverted' });
    skip(run, 'migrate', 'nothing to do');
    return 'unchanged';
  }
  change.backup = await backupPhase(run);
  if (action.kind === 'up') await migratePhase(run, change.names, change.backup);
  else await downPhase(run, change.names, change.backup);
  return 'migrated';
}

async function choosePhase(
  run: MigrationRun,
  action: Extract<MigrationAction, { kind: 'up' | 'down' }>,
): Promise<string[]> {
  return phase(run, 'preflight', async (record) => {
    await summarised(quick.takeFence, 'take the environment', run.step);
    const { applied, pending, mistakes, restore = [], ...remarks } = await look({ ...run.request, action });
    // A revert does not care about the mistakes of pending migrations.
    const inTheWay = [...(action.kind === 'up' ? mistakes : []), ...restore];
    if (inTheWay.length > 0) throw refused(inTheWay.join('\n'));
    const names = action.kind === 'up' ? pending : chooseDown(applied, action.choice);
    if ('mistake' in names) throw refused(names.mistake);
    const { warnings = [], notes = [] } = remarks;
    record.detail = [names.join(', ') || 'nothing to do', ...warnings, ...notes].join('; ');
    if (names.length > 0 && patched('look-at-live')) run.found = await lookAtLive(run);
    return names;
  });
}

/** A dead version passes no smoke checks, so this looks first. A target that cannot tell stops nothing. */
async function lookAtLive({ live, request }: Run): Promise<LiveState | undefined> {
  if (!live) return undefined;
  const { app, environment, config } = request;
  try {
    const input = { scope: { app, environment }, config, live };
    return { ...(await summarised(brief.lookAtLive, 'look at what is live', input)), down: [], loops: [] };
  } catch (error) {
    if (!(error instanceof ActivityFailure) || isCancellation(error)) throw error;
    return undefined;
  }
}

async function downPhase(run: MigrationRun, names: string[], backup: BackupReport): Promise<void> {
  const { step, undos, live } = run;
  await phase(run, 'migrate', async (record) => {
    const input = { ...step, names };
    // Only the backup has the data that a reverted migration had made.
    undos.push(titleOfUndo(run.request.config, 'down', names), () =>
      undoing.reapplyMigrations({ ...input, dump: backup.dump ?? null }),
    );
    await summarised(heavy.downMigrations, `revert ${names.join(', ')}`, input);
    record.detail = `reverted ${names.join(', ')}`;
    if (live && !isLiveDead(run)) {
      const through = 'slot' as const;
      await summarised(slow.smoke, `smoke ${live.slot} on the reverted schema`, { ...step, slot: live.slot, through });
    }
  });
}

function refused(why: string): ApplicationFailure {
  return ApplicationFailure.nonRetryable(why, 'PreflightFailure');
}
