import { ApplicationFailure, CancellationScope, condition, TemporalFailure } from '@temporalio/workflow';
import type { SoakInput, SoakReport } from '../activities/steps';
import type { AppConfig, Limits } from '../domain/config';
import type { Judgement } from '../domain/release';
import type { Run } from './run';
import { patient } from './steps';

/** What is soaked and for how long. */
export interface Soak {
  share: number;
  /** Milliseconds that are not paused; null: until `until` says so. */
  length: number | null;
  limits: Limits;
  /** Counters when it began. */
  baseline: SoakInput['baseline'];
  /** Ends the soak early, besides `promote`. */
  until?: () => boolean;
}

/** Raised when a judgement says no; its message is the reason. */
export function judgedNo({ reason }: Judgement): ApplicationFailure {
  return ApplicationFailure.nonRetryable(reason, 'JudgedNo');
}

/**
 * Soaks and judges until the length is over, a failure, a `promote`, or `until`. A pause stops the clock, not the
 * judging. Answers the last judgement; throws only when the release is stopped.
 */
export async function soak(run: Run, soak: Soak): Promise<Judgement> {
  const { control } = run;
  let left = soak.length;
  control.soaking = true;
  control.promoted = undefined;
  try {
    for (;;) {
      const paused = control.paused;
      const turned = () => control.paused !== paused || control.promoted !== undefined || (soak.until?.() ?? false);
      const began = Date.now();
      const report = await soakOnce(inputOf(run, soak, began, paused ? null : left), turned);
      const bad = report.judgement.verdict === 'fail';
      const judgement =
        control.promoted && report.interrupted && !bad ? promotedBy(control.promoted) : report.judgement;
      control.changed({ judgement });
      if (bad || !report.interrupted || control.promoted || soak.until?.()) return judgement;
      if (!paused && left !== null) left = Math.max(0, left - (Date.now() - began));
    }
  } finally {
    control.soaking = false;
  }
}

/** What an inconclusive canary means, as configured; a person may be asked. */
export async function settle(
  run: Run,
  judgement: Judgement,
  soakAgain: Soak,
  canary: AppConfig['canary'],
): Promise<void> {
  if (judgement.verdict === 'pass') return;
  if (judgement.verdict === 'fail' || canary.inconclusive === 'fail') throw judgedNo(judgement);
  if (canary.inconclusive === 'continue') return;
  await hold(run, judgement, soakAgain, canary.holdTimeout);
}

// Judging goes on while a person thinks, without their answer's clock being stopped by it.
async function hold(run: Run, judgement: Judgement, soakAgain: Soak, timeout: number): Promise<void> {
  const { control } = run;
  let over = false;
  const clock = new CancellationScope();
  void clock
    .run(() => condition(() => false, timeout))
    .then(
      () => (over = true),
      () => undefined,
    );
  control.asking = 'canary';
  control.waitFor(`promote or reject: the canary is inconclusive (${judgement.reason})`);
  try {
    const verdict = await soak(run, { ...soakAgain, length: null, until: () => over });
    if (verdict.verdict === 'fail') throw judgedNo(verdict);
    if (over)
      throw judgedNo({
        verdict: 'fail',
        reason: `still inconclusive when the time to decide was over: ${judgement.reason}`,
      });
  } finally {
    clock.cancel();
    control.asking = null;
    control.waitFor(undefined);
  }
}

function inputOf(
  { step, slot, request }: Run,
  { share, limits, baseline }: Soak,
  startedAt: number,
  length: number | null,
): SoakInput {
  const { interval } = request.config.canary;
  return { ...step, slot, share, soak: length, interval, limits, baseline, startedAt };
}

function promotedBy({ who, why }: { who: string; why: string }): Judgement {
  return { verdict: 'pass', reason: `promoted by ${who}${why ? `: ${why}` : ''}` };
}

/** One soak activity, ended early when `turned`. A soak only reads, so a stopped release does not wait for it. */
async function soakOnce(input: SoakInput, turned: () => boolean): Promise<SoakReport> {
  const scope = new CancellationScope();
  const summary = input.soak === null ? `soak at ${input.share} %` : `soak at ${input.share} % for ${input.soak} ms`;
  const running = scope.run(() => patient.soak.executeWithOptions({ summary }, [input]));
  const watching = new CancellationScope();
  void watching
    .run(() => condition(turned))
    .then(
      () => scope.cancel(),
      () => undefined,
    );
  try {
    return await Promise.race([running, CancellationScope.current().cancelRequested]);
  } catch (error) {
    running.catch(() => undefined);
    // A worker that died can no longer say what it saw.
    if (turned() && scope.consideredCancelled && error instanceof TemporalFailure) return nothingSeen;
    throw error;
  } finally {
    watching.cancel();
  }
}

const nothingSeen: SoakReport = {
  judgement: { verdict: 'inconclusive', reason: 'the worker ended before it could say what it saw' },
  interrupted: true,
  soaked: 0,
  requests: 0,
  errors: 0,
  p95: null,
};
