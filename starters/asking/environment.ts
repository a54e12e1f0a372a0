import type { Client, WorkflowStartOptions } from '@temporalio/client';
import { messageOf, UnreachableFailure } from '../../domain/failures';
import { environmentWorkflowId } from '../../domain/names';
import type { Request } from '../../domain/request';
import { until } from '../../waiting/until';
import { CLOCKS_DIFFER_MS, requestUpdate, WORKFLOWS } from '../../workflows/messages';
import type { EnvironmentInput, ReleaseAnswer } from '../../workflows/messages';
import { untilAnswered } from './client';
import { taskQueue } from './scope';
import { temporal } from '../temporal-client';

/** Milliseconds: an environment may read its ledger first, and a worker may be taking over. */
const ANSWER_TIMEOUT = 60_000;
/** Milliseconds: a worker may just be starting. */
const WORKER_TIMEOUT = 10_000;
const WORKER_PAUSE = 500;
/** Milliseconds: a worker that lives asks again at least once a minute. */
const POLL_AGE = 75_000;

/** Every start sets it: another worker gets the workflow task of a dead one after this. */
const WORKFLOW_TASK_TIMEOUT = '3s';

/** @throws UnreachableFailure when no worker answers; one that comes later refuses the request */
export async function askEnvironment(client: Client, asked: Request): Promise<ReleaseAnswer> {
  const deadline = Date.now() + ANSWER_TIMEOUT;
  const request = { ...asked, notAfter: deadline };
  try {
    const outcome = await untilAnswered(client, deadline, () => askOnce(client, request));
    if ('answer' in outcome) return outcome.answer;
    throw noAnswer(request, outcome.silence);
  } catch (error) {
    if (error instanceof temporal().WorkflowUpdateFailedError)
      return { accepted: false, reason: whyNot(request, error) };
    throw error;
  }
}

/** Temporal itself answers for a worker that is older than the kind of request. */
function whyNot({ kind }: Request, error: Error): string {
  const why = messageOf(error);
  if (!why.startsWith('No registered handler for update')) return why;
  return `expected a worker that knows requests of the kind ${kind}, seen an older one: update the worker; nothing was changed`;
}

/** No request should be left behind without a worker. @throws UnreachableFailure when there is none after 10 s */
export async function expectWorker(client: Client): Promise<void> {
  const patience = { signal: null, pause: WORKER_PAUSE, limit: WORKER_TIMEOUT };
  if (await until(patience, async () => (await findWorkers(client)).length > 0 || undefined)) return;
  throw new UnreachableFailure(
    `expected a worker that asks for work on the task queue "${taskQueue()}", seen none; nothing was changed: start one ` +
      'with `spillway worker` (or `spillway dev`), or set SPILLWAY_TASK_QUEUE',
  );
}

export async function findWorkers(client: Client): Promise<string[]> {
  const { namespace } = client.options;
  const { pollers } = await client.workflowService.describeTaskQueue({
    namespace,
    taskQueue: { name: taskQueue() },
    taskQueueType: 1,
  });
  return (pollers ?? [])
    .filter(({ lastAccessTime }) => Date.now() - Number(lastAccessTime?.seconds ?? 0) * 1_000 < POLL_AGE)
    .map(({ identity }) => identity ?? 'unnamed');
}

interface Run {
  workflow: (typeof WORKFLOWS)[keyof typeof WORKFLOWS];
  workflowId: string;
  input: unknown;
  limit: WorkflowStartOptions['workflowExecutionTimeout'];
}

/**
 * Runs a workflow that a command starts by itself, and answers what it answered.
 * @throws UnreachableFailure when no worker took it up within the limit
 */
export async function runWorkflow<Answer>(
  client: Client,
  { workflow, workflowId, input, limit }: Run,
): Promise<Answer> {
  const options = {
    workflowId,
    taskQueue: taskQueue(),
    args: [input],
    workflowTaskTimeout: WORKFLOW_TASK_TIMEOUT,
    workflowExecutionTimeout: limit,
  };
  try {
    return (await client.workflow.execute(workflow, options)) as Answer;
  } catch (error) {
    const { WorkflowFailedError, TimeoutFailure } = temporal();
    if (!(error instanceof WorkflowFailedError && error.cause instanceof TimeoutFailure)) throw error;
    throw new UnreachableFailure(
      `expected an answer on the task queue "${taskQueue()}" within ${limit}, seen none; see that a worker runs ` +
        '(`spillway worker` or `spillway dev`), and what its log says',
      { cause: error },
    );
  }
}

function askOnce(client: Client, request: Request): Promise<ReleaseAnswer> {
  const { app, environment, id } = request;
  const input: EnvironmentInput = { app, environment };
  const startWorkflowOperation = new (temporal().WithStartWorkflowOperation)(WORKFLOWS.environment, {
    workflowId: environmentWorkflowId(request),
    taskQueue: taskQueue(),
    args: [input],
    workflowTaskTimeout: WORKFLOW_TASK_TIMEOUT,
    workflowIdConflictPolicy: 'USE_EXISTING',
    staticSummary: `${app} in ${environment}`,
  });
  const options = { updateId: id, startWorkflowOperation, args: [request] as [Request] };
  return client.workflow.executeUpdateWithStart(requestUpdate(request.kind), options);
}

function noAnswer({ app, environment }: Request, cause: unknown): UnreachableFailure {
  return new UnreachableFailure(
    `expected the environment ${environment} of ${app} to answer within ${ANSWER_TIMEOUT / 1_000} s, seen nothing; it may ` +
      `still begin within ${CLOCKS_DIFFER_MS / 1_000} s, and is refused after that: look at \`spillway status\` and the log ` +
      'of the worker before asking again',
    { cause },
  );
}
