import { CancellationScope, TemporalFailure } from '@temporalio/workflow';
import type { Outcome, ReleaseResult } from '../domain/release';
import { asRequest } from '../domain/request';
import type { OldRequest, ReleaseRequest } from '../domain/request';
import { otherSlot } from '../domain/release';
import { finish, goBack, leaveNothing } from './going-back';
import { drainPhase, retirePhase } from './letting-go';
import { backupPhase, buildPhase, deployPhase, migratePhase, preflightPhase, smokePhase } from './preparing';
import { approvePhase, bakePhase, canaryPhase, lastPause, switchPhase, verifyPhase } from './shifting';
import { untilStopped } from './stopping';
import { begin, isLiveDead } from './run';
import type { ReleaseRun, WorkInput } from './run';

type ReleaseInput = WorkInput<ReleaseRequest | OldRequest>;

/** Brings a version to an environment, or puts everything back. */
export async function release({ request, ...rest }: ReleaseInput): Promise<ReleaseResult> {
  const run = runOf({ request: asRequest(request), ...rest });
  try {
    const outcome = await untilStopped(run.control, request.config.deadline, () => forward(run));
    if (outcome === 'released') await letGo(run);
    else await leaveNothing(run);
    return await finish(run, outcome, imagesOf(run));
  } catch (error) {
    // A programming error parks the release until a fixed worker replays it; an undo would be a guess.
    if (!(error instanceof TemporalFailure)) throw error;
    return finish(run, await goBack(run, error, whatStays(run)), imagesOf(run));
  }
}

async function forward(run: ReleaseRun): Promise<Outcome> {
  const { version, options } = run.request;
  const { configurationIdentity, pendingMigrations } = await preflightPhase(run);
  const next = await buildPhase(run, configurationIdentity);
  if (run.live?.identity === next.identity && !isLiveDead(run))
    return nothingToDo(run, `${version} is live already, unchanged`);
  if (options.testOnly) return nothingToDo(run, 'tested only, as asked: nothing was deployed');
  const backup = await backupPhase(run);
  await migratePhase(run, pendingMigrations, backup);
  await deployPhase(run);
  await smokePhase(run);
  await canaryPhase(run);
  await approvePhase(run);
  await switchPhase(run);
  await verifyPhase(run);
  await bakePhase(run);
  await lastPause(run);
  return 'released';
}

/** Nothing stops a release past the point of no return, and a failure leaves something for later. */
async function letGo(run: ReleaseRun): Promise<void> {
  const { control, undos, live } = run;
  control.entered('drain');
  undos.discard();
  run.live = run.next;
  await CancellationScope.nonCancellable(async () => {
    await drainPhase(run, live);
    await retirePhase(run, live);
  });
}

function nothingToDo(run: ReleaseRun, why: string): Outcome {
  run.control.changed({ why });
  return 'unchanged';
}

function imagesOf({ next }: ReleaseRun): Pick<ReleaseResult, 'images'> {
  return { images: next?.images ?? [] };
}

function whatStays({ request: { version, options }, slot }: ReleaseRun): string | undefined {
  return options.noRollback
    ? `${version} stays in ${slot} for inspection, as asked; the next release clears it`
    : undefined;
}

function runOf(input: WorkInput<ReleaseRequest>): ReleaseRun {
  const { live } = input;
  const slot = live ? otherSlot(live.slot) : 'blue';
  const nothing = { next: null, carried: null, recorded: null, deployed: undefined };
  return { ...begin(input), slot, ...nothing };
}
