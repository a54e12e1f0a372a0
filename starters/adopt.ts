import { randomUUID } from 'node:crypto';
import type { Client } from '@temporalio/client';
import type { Command } from 'commander';
import { environmentWorkflowId, releaseWorkflowId } from '../domain/names';
import type { Scope } from '../domain/release';
import { WORKFLOWS } from '../workflows/messages';
import type { AdoptAnswer, AdoptInput } from '../workflows/messages';
import { expectWorker, runWorkflow } from './asking/environment';
import { withClient } from './asking/client';
import { run } from './output';
import { RefusedFailure } from './asking/refused';
import { readEnvironment } from './following/release-view';
import { addScopeOptions, configured } from './asking/scope';
import type { Configured, ScopeOptions } from './asking/scope';
import { temporal } from './temporal-client';

interface AdoptOptions extends ScopeOptions {
  force?: boolean;
}

export function registerAdopt(program: Command): void {
  addScopeOptions(
    program
      .command('adopt')
      .description('Makes this Temporal the one that releases to an environment, after another one did.'),
  )
    .option('--force', 'also while a release of the other Temporal seems to be going on: its steps do nothing any more')
    .addHelpText(
      'after',
      `
One Temporal releases to an environment; preflight refuses all others. Use this when you have moved to another Temporal,
namespace or address, or lost the old one. Containers, traffic and database stay as they are, and what is live is read
from the ledger on the target. Asking again changes nothing.

Examples:
  spillway adopt -e production
  spillway plan -e production               shows what a release would do from here

Exit codes: 0 adopted, or it was already · 1 refused · 64 wrong usage · 69 Temporal, no worker or the target answers`,
    )
    .action((options: AdoptOptions) =>
      run(options, async (out) => {
        const scope = await configured(options);
        const answer = await withClient((client) => adopt(client, scope, options.force === true));
        const { app, environment } = scope;
        out.result({ app, environment, ...answer }, told(scope, answer));
      }),
    );
}

async function adopt(client: Client, scope: Configured, force: boolean): Promise<AdoptAnswer> {
  await expectWorker(client);
  await refuseWhileReleasing(client, scope);
  const { app, environment, config, projectDirectory } = scope;
  const id = `adopt-${randomUUID()}`;
  const input: AdoptInput = {
    step: { release: { app, environment, id, version: '' }, config, projectDirectory },
    force,
  };
  const answer = await runWorkflow<AdoptAnswer>(client, {
    workflow: WORKFLOWS.adopt,
    workflowId: `adopt/${app}/${environment}`,
    input,
    limit: '5m',
  });
  // Only the environment knows whether it needs a hand.
  const isSettled = !(await readEnvironment(client, scope))?.needsHand;
  if (answer.before !== answer.now || isSettled) await forget(client, scope);
  return answer;
}

async function refuseWhileReleasing(client: Client, scope: Scope): Promise<void> {
  const running = await unlessMissing(client.workflow.getHandle(releaseWorkflowId(scope)).describe());
  const isBusy = Boolean((await readEnvironment(client, scope))?.current);
  if (running?.status.name !== 'RUNNING' && !isBusy) return;
  throw new RefusedFailure(
    `expected no release of ${scope.app} to ${scope.environment} to run in this Temporal, seen one: ` +
      'it releases there already; `spillway status` shows it',
  );
}

/** The environment workflow may remember less than the ledger on the target, so the next one reads the ledger. */
async function forget(client: Client, scope: Scope): Promise<void> {
  const handle = client.workflow.getHandle(environmentWorkflowId(scope));
  await unlessMissing(handle.terminate('adopted: what is live is read from the ledger on the target'));
}

async function unlessMissing<T>(asked: Promise<T>): Promise<T | undefined> {
  try {
    return await asked;
  } catch (error) {
    if (error instanceof temporal().WorkflowNotFoundError) return undefined;
    throw error;
  }
}

function told({ app, environment }: Scope, { before, now }: AdoptAnswer): string {
  if (before === now) return `${app} in ${environment} was released from ${now} already; nothing was changed`;
  return `${app} in ${environment} is released from ${now} from now on${before ? `, no more from ${before}` : ''}`;
}
