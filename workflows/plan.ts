import { caveatsOf, stepsOf } from '../domain/plan';
import { asRequest } from '../domain/request';
import type { OldRequest, ReleaseRequest } from '../domain/request';
import type { PlanAnswer } from './messages';
import { stepOf, summarised } from './run';
import { asked, quick } from './steps';

/** Says what a release would do now, against the real state, and changes nothing. */
export async function plan(given: ReleaseRequest | OldRequest): Promise<PlanAnswer> {
  const request = asRequest(given);
  const { app, environment, config, options } = request;
  const ledger = { scope: { app, environment }, config, limit: 1 };
  const [last] = await summarised(asked.readLedger, 'read what is live', ledger);
  const input = {
    ...stepOf(request),
    options,
    images: request.images,
    live: last?.live ?? null,
    fence: false,
  };
  const report = await summarised(quick.preflight, 'look at the real state', input);
  const { found } = report;
  return {
    live: report.live,
    ...(found && { found: { condition: found.condition, detail: found.detail } }),
    slot: report.slot,
    checks: report.checks,
    steps: stepsOf(request, report.slot, report.live, report.pendingMigrations, found),
    caveats: caveatsOf(config, report.capabilities),
  };
}
