import { WithStartWorkflowOperation, WorkflowUpdateRPCTimeoutOrCancelledError } from '@temporalio/client';
import type { Client } from '@temporalio/client';
import type { MessageName } from '../../domain/messages';
import { environmentWorkflowId, releaseWorkflowId } from '../../domain/names';
import type { ReleaseResult, ReleaseStatus, Scope } from '../../domain/release';
import type { ReleaseRequest } from '../../domain/request';
import { isConnectionLoss } from '../../starters/asking/client';
import { environmentQuery, messageUpdate, requestUpdate, statusQuery, WORKFLOWS } from '../../workflows/messages';
import type { EnvironmentState, ReleaseAnswer } from '../../workflows/messages';
import { until } from './until';

/* Asks Temporal for releases and follows them, as the commands do. */

/** A release that was accepted. */
export interface Releasing {
  id: string;
  status(): Promise<ReleaseStatus>;
  /** Polls until it is so; fails after `limit` ms, saying what it saw last. */
  until(is: (status: ReleaseStatus) => boolean, limit?: number): Promise<ReleaseStatus>;
  /** Sends an update: fails when it is refused. */
  tell(name: MessageName, who?: string, why?: string): Promise<void>;
  result(): Promise<ReleaseResult>;
}

/** Asks by update-with-start, and answers what the environment says. Asks again, as the command does, when nobody answered. */
export function askFor(client: Client, request: ReleaseRequest, taskQueue: string): Promise<ReleaseAnswer> {
  const { app, environment } = request;
  return patiently(client, () =>
    client.workflow.executeUpdateWithStart(requestUpdate('release'), {
      args: [request],
      updateId: request.id,
      startWorkflowOperation: new WithStartWorkflowOperation(WORKFLOWS.environment, {
        workflowId: environmentWorkflowId(request),
        taskQueue,
        args: [{ app, environment }],
        workflowIdConflictPolicy: 'USE_EXISTING',
        workflowTaskTimeout: '3s',
      }),
    }),
  );
}

export function environmentOf(client: Client, scope: Scope): Promise<EnvironmentState> {
  return patiently(client, () => client.workflow.getHandle(environmentWorkflowId(scope)).query(environmentQuery));
}

/** Follows a release that was asked for. */
export function follow(client: Client, scope: Scope, id: string): Releasing {
  const handle = client.workflow.getHandle(releaseWorkflowId(scope));
  const status = () => patiently(client, () => handle.query(statusQuery));
  return {
    id,
    status,
    until: async (is, limit) => {
      const wait = { what: 'the release as wanted', is: (seen: ReleaseStatus) => is(seen) || seen.state === 'ended' };
      const seen = await until(status, { ...wait, limit });
      if (!is(seen)) throw new Error(`waited in vain, the release is ${JSON.stringify(seen, null, 1)}`);
      return seen;
    },
    tell: async (name, who = 'tester', why = '') =>
      void (await handle.executeUpdate(messageUpdate(name), { args: [{ who, why }] })),
    result: async () => {
      const result = await patiently(client, () => handle.result() as Promise<ReleaseResult>, DAY);
      // The environment refuses others until it has written down how its release ended.
      await until(() => environmentOf(client, scope), {
        what: `the environment to remember how ${id} ended`,
        is: ({ current }) => current?.releaseId !== id,
        every: 10,
      });
      return result;
    },
  };
}

/** Nobody answers a question that a worker took and was killed with, so it is asked again after so many ms. */
const ANSWER_LIMIT = 20_000;
/** The longest wait for the end of a release, in ms; the limit of a test comes before it. */
const DAY = 24 * 60 * 60_000;

/** Asks again while Temporal is away, or tries a workflow task again that a starved worker did not finish. */
async function patiently<T>(client: Client, ask: () => Promise<T>, limit?: number): Promise<T> {
  const look = () =>
    client.connection.withDeadline(Date.now() + ANSWER_LIMIT, ask).then(
      (answer) => ({ answer }),
      (error: unknown) => {
        if (isConnectionLoss(error) || error instanceof WorkflowUpdateRPCTimeoutOrCancelledError) throw error;
        return { error };
      },
    );
  const seen = await until(look, { what: 'an answer of Temporal', every: 300, limit });
  if ('error' in seen) throw seen.error;
  return seen.answer;
}
