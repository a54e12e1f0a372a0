import { setTimeout as sleep } from 'node:timers/promises';
import { Context } from '@temporalio/activity';
import { judgeLimits, totals, type Evidence } from '../domain/canary';
import type { Judgement } from '../domain/release';
import { probeSlot, type Probes } from '../metrics/http-probe';
import { routerEvidence } from '../metrics/router-stats';
import { askCheck } from './ask';
import { serverClock } from './clock';
import { withStep, type StepParts } from './io';
import type { Parts } from './parts';
import type { Activities, SoakInput, SoakReport } from './steps';

/** What a beat carries: what is going on, and the count of failed probes with which another attempt goes on. */
interface Beat {
  seen: string;
  probes: Probes;
}

/** Watches a slot under traffic and judges it at every sample. Changes nothing, so it may be left at any time. */
export const canaryActivities = (parts: Parts): Pick<Activities, 'soak'> => ({
  soak: (input) => withStep(parts, input, (step) => soak(input, step, parts), 'check'),
});

async function soak(input: SoakInput, step: StepParts, { redact }: Parts): Promise<SoakReport> {
  const clock = serverClock(input.startedAt);
  let evidence: Evidence = { services: null, gap: 'nothing was seen yet', probes: probesOfLastAttempt() };
  let judgement: Judgement = { verdict: 'inconclusive', reason: 'nothing was seen yet' };
  tell(step, judgement, evidence);
  try {
    for (;;) {
      evidence = await sample(input, step, evidence.probes);
      judgement = judge(input, evidence, redact);
      const left = input.soak === null ? Infinity : input.soak - clock();
      step.io.onProgress(
        JSON.stringify({ seen: `${judgement.verdict}: ${judgement.reason}`, probes: evidence.probes }),
      );
      if (judgement.verdict === 'fail' || left <= 0) return report(judgement, evidence, clock(), false);
      await sleep(Math.min(input.interval, left), undefined, { signal: step.io.signal });
    }
  } catch (error) {
    // A cancelled soak says what it knows; one whose worker shuts down goes on with another.
    if (!Context.current().cancellationDetails?.cancelRequested) throw error;
    return report(judgement, evidence, clock(), true);
  }
}

function tell({ io }: StepParts, { verdict, reason }: Judgement, { probes }: Evidence): void {
  const beat: Beat = { seen: `${verdict}: ${reason}`, probes };
  io.onProgress(JSON.stringify(beat));
}

async function sample(input: SoakInput, { router, target, io }: StepParts, before: Probes): Promise<Evidence> {
  const { release, config, slot, baseline } = input;
  const ask = (at: { host: string; port: number }, check: Parameters<typeof askCheck>[2]) =>
    askCheck(target, at, check, io);
  const [counted, probed] = await Promise.all([
    routerEvidence(router, baseline, release, slot, io),
    probeSlot({ target, services: config.services, scope: release, slot, ask, io }, before),
  ]);
  const gap = [counted.gap, probed.gap].filter((one) => one !== undefined).join('; ');
  return { services: counted.services, probes: probed.probes, ...(gap && { gap }) };
}

function judge({ limits }: SoakInput, evidence: Evidence, redact: (text: string) => string): Judgement {
  const { verdict, reason } = judgeLimits(limits, evidence);
  return { verdict, reason: redact(reason) };
}

function report(judgement: Judgement, { services }: Evidence, soaked: number, interrupted: boolean): SoakReport {
  const { requests, errors, p95 } = totals(services ?? {});
  return {
    judgement,
    interrupted,
    soaked: Math.round(soaked),
    requests,
    errors,
    // JSON knows no Infinity.
    p95: p95 === null || !Number.isFinite(p95) ? null : Math.round(p95 * 10) / 10,
  };
}

/** Another attempt goes on counting failed probes; one that cannot read what was left begins anew. */
function probesOfLastAttempt(): Probes {
  const details: unknown = Context.current().info.heartbeatDetails;
  try {
    return typeof details === 'string' ? ((JSON.parse(details) as Beat).probes ?? {}) : {};
  } catch {
    return {};
  }
}
