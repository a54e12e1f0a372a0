import { randomUUID } from 'node:crypto';
import type { Client, WorkflowHandle } from '@temporalio/client';
import type { Command } from 'commander';
import type { ReleaseRequest } from '../domain/request';
import { until } from '../waiting/until';
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
import { troubleOf } from './following/release-view';
import { plainLines } from './following/screen';
import { renderPlan } from './render/plan';
import { addScopeOptions } from './asking/scope';

/** Milliseconds between looks at why a plan takes long. */
const LOOK_PAUSE = 2_000;

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
  const plan = await withClient((client) => askPlan(client, request, out));
  const ok = plan.checks.every((check) => check.ok);
  const { app, environment, version } = request;
  out.result({ app, environment, version, ok, ...plan }, renderPlan(request, plan, out.colours));
  if (ok) return EXIT.done;
  return plan.checks.every((check) => check.ok || check.unreachable) ? EXIT.unreachable : EXIT.no;
}

async function askPlan(client: Client, request: ReleaseRequest, out: Out): Promise<PlanAnswer> {
  await expectWorker(client);
  const workflowId = `plan/${request.app}/${request.environment}/${randomUUID()}`;
  const over = new AbortController();
  const told = tellTroubles(client.workflow.getHandle(workflowId), out, over.signal);
  try {
    return await runWorkflow<PlanAnswer>(client, {
      workflow: WORKFLOWS.plan,
      workflowId,
      input: request,
      limit: '5m',
    });
  } catch (error) {
    throw asRefusal('to make the plan', error);
  } finally {
    over.abort();
    // Closing the connection during a call ends the process with an error.
    await told;
  }
}

/** The worker tries for minutes what does not answer, so this says meanwhile what that is. */
async function tellTroubles(handle: WorkflowHandle, out: Out, signal: AbortSignal): Promise<void> {
  const lines = plainLines({ ...out, print: out.note });
  const look = async () => {
    // Whatever goes wrong here is told by the plan itself.
    const { raw } = (await handle.describe().catch(() => undefined)) ?? {};
    lines.update(undefined, { now: Date.now(), trouble: troubleOf(raw?.pendingActivities ?? []) });
    return undefined;
  };
  await until({ signal, pause: LOOK_PAUSE }, look).catch(() => undefined);
}
