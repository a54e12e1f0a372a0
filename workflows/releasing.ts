import {
  CancellationScope,
  ChildWorkflowFailure,
  ParentClosePolicy,
  sleep,
  startChild,
  TemporalFailure,
} from '@temporalio/workflow';
import type { ChildWorkflowHandle } from '@temporalio/workflow';
import { defineSearchAttributeKey, WorkflowExecutionAlreadyStartedError } from '@temporalio/common';
import { messageOf } from '../domain/failures';
import { entryOf, inMemory, terminatedEntry } from '../domain/ledger';
import type { ToldAlone } from '../domain/ledger';
import { KINDS, refOf, titleOf } from '../domain/kinds';
import { releaseWorkflowId, SEARCH_ATTRIBUTES } from '../domain/names';
import type { LedgerEntry, RequestResult } from '../domain/release';
import type { Request } from '../domain/request';
import { nextGeneration } from './generation';
import { guard } from './guarding';
import type { Guarded } from './guarding';
import type { EnvironmentState, ReleaseAnswer } from './messages';
import { stepOf, summarised } from './run';
import type { WorkInput } from './run';
import { asked, HEARTBEAT_TIMEOUT_MS, quick, undoing } from './steps';

// By then a step of a terminated release has heard of it by its heartbeat, or its worker is dead.
const STEPS_HAVE_ENDED_MS = HEARTBEAT_TIMEOUT_MS + 2_000;

/** Fills a new environment workflow from the durable ledger. Answers why the ledger could not be read. */
export async function restore(state: EnvironmentState, request: Request): Promise<string | undefined> {
  if (state.ledger.length > 0) return undefined;
  const { app, environment, config } = request;
  const input = { scope: { app, environment }, config, limit: 20 };
  try {
    state.ledger = inMemory(await summarised(asked.readLedger, 'read the durable ledger', input));
    state.live = state.ledger[0]?.live ?? null;
  } catch (error) {
    if (!(error instanceof TemporalFailure)) throw error;
    return messageOf(error);
  }
  return undefined;
}

type Work = (input: WorkInput) => Promise<RequestResult & ToldAlone>;
type Child = ChildWorkflowHandle<Work>;

export async function startWork(
  state: EnvironmentState,
  request: Request,
): Promise<{ answer: ReleaseAnswer; child?: Child }> {
  const workflowId = releaseWorkflowId(request);
  try {
    const child = await startChild<Work>(KINDS[request.kind].workflow, {
      workflowId,
      args: [{ request, live: state.live, generation: nextGeneration(state) }],
      // Ending the environment must not end a release without its undo.
      parentClosePolicy: ParentClosePolicy.ABANDON,
      workflowTaskTimeout: 3_000,
      typedSearchAttributes: searchAttributes(request),
      staticSummary: `${request.app} ${titleOf(request)} → ${request.environment}`,
      staticDetails: `By ${request.who}. ${request.note}`,
    });
    return { answer: { accepted: true, releaseId: request.id, workflowId }, child };
  } catch (error) {
    if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
    const reason = `${workflowId} runs already, started by another road: see it in the Web UI, or wait until it has ended`;
    return { answer: { accepted: false, reason } };
  }
}

interface Ended {
  entry: LedgerEntry;
  /** True when it ended without any undo. */
  terminated: boolean;
}

/** Calls `tell` with what keeps the release from going on, and without it when it goes on. Answers what to remember. */
export async function untilEnded(
  child: Child,
  request: Request,
  live: EnvironmentState['live'],
  tell: (trouble?: string) => void,
): Promise<Ended> {
  const watching = new CancellationScope();
  const guarded: Guarded = { trouble: tell };
  watching
    .run(() => guard(request, child.firstExecutionRunId, guarded))
    .catch((error: unknown) => {
      // The guard was cancelled or failed, which must not end the release.
      if (!(error instanceof TemporalFailure)) throw error;
    });
  try {
    return { entry: entryOf(request, await child.result(), Date.now()), terminated: false };
  } catch (error) {
    if (!(error instanceof ChildWorkflowFailure)) throw error;
    const why = guarded.endedFor ?? `ended from outside, without undo: ${messageOf(error)}`;
    return { entry: terminatedEntry(request, why, Date.now(), live), terminated: true };
  } finally {
    watching.cancel();
  }
}

/** Makes the target agree with the ledger after a release that could not undo itself. */
export async function reconcileAfter(state: EnvironmentState, request: Request): Promise<void> {
  const step = stepOf(request, nextGeneration(state));
  const entry = state.ledger[0] as LedgerEntry;
  await sleep(STEPS_HAVE_ENDED_MS, { summary: 'wait until steps of the terminated release have ended' });
  try {
    const { did } = await summarised(undoing.reconcile, 'put the target right', { ...step, live: state.live });
    entry.leftovers = did.map((line) => `reconciled: ${line}`);
    delete state.needsHand;
  } catch (error) {
    if (!(error instanceof TemporalFailure)) throw error;
    const remains = `its remains could not be removed: ${messageOf(error)}`;
    entry.leftovers = [remains];
    state.needsHand = `${titleOf(request)} was terminated and ${remains}`;
  }
  await summarised(quick.recordEntry, 'write the ledger', { ...step, entry }).catch((error: unknown) => {
    if (!(error instanceof TemporalFailure)) throw error;
  });
}

function searchAttributes(request: Request) {
  const { app, environment, version } = refOf(request);
  return Object.entries({ app, environment, version }).map(([name, value]) => ({
    key: defineSearchAttributeKey(SEARCH_ATTRIBUTES[name as keyof typeof SEARCH_ATTRIBUTES], 'KEYWORD'),
    value,
  }));
}
