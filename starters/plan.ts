import { randomUUID } from 'node:crypto';
import type { Client } from '@temporalio/client';
import type { Command } from 'commander';
import type { ReleaseRequest } from '../domain/request';
import { WORKFLOWS } from '../workflows/messages';
import type { PlanAnswer } from '../workflows/messages';
import { expectWorker, runWorkflow } from './asking/environment';
import { withClient } from './asking/client';
import { EXIT } from './exit-codes';
import type { ExitCode } from './exit-codes';
import { run } from './output';
import type { Out } from './output';
import { asRefusal } from './asking/refused';
import { addRequestOptions, prepare } from './asking/release-request';
import type { RequestOptions } from './asking/release-request';
import { renderPlan } from './render/plan';
import { addScopeOptions } from './asking/scope';

export function registerPlan(program: Command): void {
  const command = program
    .command('plan')
    .description('Shows what a release would do, against the real state, and changes nothing.')
    .argument('[version]', 'semver; default: `spillway version current`');
  addRequestOptions(addScopeOptions(command))
    .addHelpText(
      'after',
      `
The worker tries everything that can be known to fail: engine, router, database, secrets, room, ports, migrations.
It takes at most 5 minutes.

Examples:
  spillway plan -e production
  spillway plan 1.4.0 -e production --json
  spillway plan -e production --bump minor

Exit codes: 0 a release would begin · 1 a check says no · 64 wrong usage · 69 Temporal or no worker answers, or
nothing but an answer was missing, such as that of a registry`,
    )
    .action((version: string | undefined, options: RequestOptions) =>
      run(options, async (out) => showPlan((await prepare(version, options)).request, out)),
    );
}

/** `release --dry-run` does the same. */
export async function showPlan(request: ReleaseRequest, out: Out): Promise<ExitCode> {
  const plan = await withClient((client) => askPlan(client, request));
  const ok = plan.checks.every((check) => check.ok);
  const { app, environment, version } = request;
  out.result({ app, environment, version, ok, ...plan }, renderPlan(request, plan, out.colours));
  if (ok) return EXIT.done;
  return plan.checks.every((check) => check.ok || check.unreachable) ? EXIT.unreachable : EXIT.no;
}

async function askPlan(client: Client, request: ReleaseRequest): Promise<PlanAnswer> {
  await expectWorker(client);
  try {
    return await runWorkflow<PlanAnswer>(client, {
      workflow: WORKFLOWS.plan,
      workflowId: `plan/${request.app}/${request.environment}/${randomUUID()}`,
      input: request,
      limit: '5m',
    });
  } catch (error) {
    throw asRefusal('to make the plan', error);
  }
}
