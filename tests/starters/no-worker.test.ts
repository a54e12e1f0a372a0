import { type Client, TimeoutFailure, WorkflowFailedError } from '@temporalio/client';
import { runWorkflow } from '../../starters/asking/environment';
import { lookAtLive } from '../../starters/asking/look';
import { reportOf } from '../../starters/exit-codes';
import { WORKFLOWS } from '../../workflows/messages';
import type { EnvironmentState } from '../../workflows/messages';

/** A Temporal on which nobody takes up a workflow within its limit. */
const client = {
  workflow: {
    execute: async () => {
      const late = new TimeoutFailure('Workflow execution timed out', undefined, 'START_TO_CLOSE');
      throw new WorkflowFailedError('Workflow execution failed', late, 'TIMEOUT');
    },
  },
} as unknown as Client;

test('a workflow that no worker took up ends a command with 69, and says what to start [proves ui]', async () => {
  const run = { workflow: WORKFLOWS.history, workflowId: 'history/shop', input: {}, limit: '1m' } as const;
  const failure: unknown = await runWorkflow(client, run).catch((error: unknown) => error);
  expect(reportOf(failure)).toEqual({
    type: 'UnreachableFailure',
    exitCode: 69,
    message:
      'expected an answer on the task queue "spillway" within 1m, seen none; see that a worker runs ' +
      '(`spillway worker` or `spillway dev`), and what its log says',
  });
});

test('status knows that nobody looked at the live version, and why [proves ui]', async () => {
  const scope = { app: 'shop', environment: 'production' };
  const state = { live: {}, config: {}, current: null } as unknown as EnvironmentState;
  expect(await lookAtLive(client, scope, state)).toEqual({
    unseen: expect.stringMatching(/^expected an answer on the task queue "spillway" within 20s, seen none; see that/),
    silent: true,
  });
});
