import { setTimeout as sleep } from 'node:timers/promises';
import { Context } from '@temporalio/activity';
import { defineSearchAttributeKey, WorkflowNotFoundError } from '@temporalio/common';
import type { Outside, Trouble } from '../domain/guard';
import { troubleOf } from '../domain/guard';
import type { Io } from '../domain/host';
import { SEARCH_ATTRIBUTES } from '../domain/names';
import { withIo } from './io';
import type { Activities, RunRef, WatchInput } from './steps';

/** Milliseconds. */
const LOOK_EVERY = { trouble: 5_000, well: 1_000 } as const;
const CALL_MS = 5_000;
/** The failure is in the last event but one. */
const NEWEST_EVENTS = 5;

export const guardActivities = (): Pick<Activities, 'watchRelease' | 'terminateRelease'> => ({
  watchRelease: (input) =>
    withIo((io, keep) =>
      watch(input, io, keep).catch((error: unknown) => {
        // Cancellation is the usual end: the release has ended, and nobody waits for an answer.
        if (Context.current().cancellationDetails?.cancelRequested) return null;
        throw error;
      }),
    ),

  terminateRelease: ({ why, ...release }) =>
    withIo(async () => {
      const outside = await lookAt(release);
      if (!outside || !troubleOf(outside)) return { ended: false };
      const { client } = Context.current();
      await client.workflow.getHandle(release.workflowId, release.runId).terminate(why);
      return { ended: true };
    }),
});

async function watch(
  { until, atMost = null, handOver = Infinity, ...release }: WatchInput,
  { signal }: Io,
  keep: (details: object) => void,
): Promise<Trouble | 'goes on' | null> {
  // Only time with a living worker counts: without one, nobody could have continued the release.
  let lasted = lastedBefore();
  let first: number | undefined;
  for (;;) {
    const outside = await lookAt(release);
    const trouble = outside && troubleOf(outside);
    if (!outside || (!trouble && until === 'well')) return null;
    if (trouble) {
      if (until === 'trouble') return trouble;
      // An attempt from before this worker looked may belong to a worker that is gone.
      first ??= outside.attempt;
      if (atMost !== null && lasted >= atMost && outside.attempt > first) return trouble;
    }
    if (lasted >= handOver) return 'goes on';
    await sleep(LOOK_EVERY[until], undefined, { signal });
    keep({ lasted: (lasted += LOOK_EVERY[until]) });
  }
}

async function lookAt({ workflowId, runId }: RunRef): Promise<Outside | null> {
  const { client } = Context.current();
  const call = <T>(body: () => Promise<T>): Promise<T> => client.connection.withDeadline(Date.now() + CALL_MS, body);
  try {
    const { status, raw, typedSearchAttributes } = await call(() =>
      client.workflow.getHandle(workflowId, runId).describe(),
    );
    if (status.name !== 'RUNNING') return null;
    const attribute = (name: 'phase' | 'outcome'): string | undefined =>
      typedSearchAttributes.get(defineSearchAttributeKey(SEARCH_ATTRIBUTES[name], 'KEYWORD'));
    const attempt = raw.pendingWorkflowTask?.attempt ?? 0;
    const failure = attempt > 1 ? await call(() => failureOf({ workflowId, runId })) : undefined;
    return { attempt, failure, phase: attribute('phase'), outcome: attribute('outcome') };
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return null;
    throw error;
  }
}

/** Temporal keeps the failure only of a workflow task's first attempt. */
async function failureOf({ workflowId, runId }: RunRef): Promise<string | undefined> {
  const { client } = Context.current();
  const { history } = await client.workflowService.getWorkflowExecutionHistoryReverse({
    namespace: client.options.namespace,
    execution: { workflowId, runId },
    maximumPageSize: NEWEST_EVENTS,
  });
  const failed = history?.events?.find(({ workflowTaskFailedEventAttributes: failed }) => failed);
  const { message, stackTrace } = failed?.workflowTaskFailedEventAttributes?.failure ?? {};
  const [said] = message?.split('\n') ?? [];
  // Only the stack names the class of the error.
  return said && (stackTrace?.split('\n').find((line) => line.endsWith(`: ${said}`)) ?? said);
}

function lastedBefore(): number {
  const details = Context.current().info.heartbeatDetails as { lasted?: number } | string | undefined;
  return (typeof details === 'object' && details?.lasted) || 0;
}
