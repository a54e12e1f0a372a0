import { ApplicationFailure, CancellationScope, condition, TemporalFailure } from '@temporalio/workflow';
import type { SoakInput, SoakReport } from '../activities/steps';
import type { AppConfig, Limits } from '../domain/config';
import type { JudgedStep, Judgement } from '../domain/release';
import { forNextStep } from '../domain/judging/soak/state';
import { formatDuration } from '../domain/units';
import type { Run } from './run';
import { patient } from './steps';

/** What is soaked and for how long. */
export interface Soak {
  /** `canary-10`, `approve`, `bake`. */
  name: string;
  share: number;
  /** Milliseconds that are not paused; null: until `until` says so. */
  length: number | null;
  /** The same, up to which too little evidence may lengthen it. */
  longest?: number;
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
  const left = { length: soak.length, longest: soak.longest ?? soak.length };
  control.soaking = true;
  control.promoted = undefined;
  try {
    for (;;) {
      const paused = control.paused;
      const turned = () => control.paused !== paused || control.promoted !== undefined || (soak.until?.() ?? false);
      const began = Date.now();
      const report = await soakOnce(inputOf(run, soak, began, paused ? FOR_EVER : left), turned);
      const bad = report.judgement.verdict === 'fail';
      const judgement =
        control.promoted && report.interrupted && !bad ? promotedBy(control.promoted, report) : report.judgement;
      remember(run, soak, { ...report, judgement });
      if (bad || !report.interrupted || control.promoted || soak.until?.()) return judgement;
      if (!paused) spend(left, Date.now() - began);
    }
  } finally {
    control.soaking = false;
  }
}

const FOR_EVER = { length: null, longest: null };

function spend(left: { length: number | null; longest: number | null }, spent: number): void {
  if (left.length !== null) left.length = Math.max(0, left.length - spent);
  if (left.longest !== null) left.longest = Math.max(0, left.longest - spent);
}

/** Keeps what was seen: for the soak that goes on with it, for the bake, and for those who look on. */
function remember(run: Run, { name, share }: Soak, report: SoakReport): void {
  run.carried = report.carried ?? run.carried;
  if (requestsIn(report.counted) > requestsIn(run.recorded)) run.recorded = report.counted;
  const { judgement, requests, picture } = report;
  const before = (run.control.status.judged ?? []).filter((step) => step.name !== name);
  const step: JudgedStep = { name, share, judgement, requests, ...(picture !== undefined && { picture }) };
  run.control.changed({ judgement, judged: [...before, step] });
}

function requestsIn(counted: SoakReport['counted']): number {
  return Object.values(counted ?? {}).reduce((sum, { requests }) => sum + requests, 0);
}

/** What an inconclusive canary means, as configured; a person may be asked. Answers whether one promoted it. */
export async function settle(
  run: Run,
  judgement: Judgement,
  soakAgain: Soak,
  canary: AppConfig['canary'],
): Promise<boolean> {
  if (judgement.verdict === 'pass' || judgement.verdict === 'not judged') return run.control.promoted !== undefined;
  if (judgement.verdict === 'fail' || canary.inconclusive === 'fail') throw judgedNo(judgement);
  if (canary.inconclusive === 'continue') return false;
  const { reason } = judgement;
  await ask(run, soakAgain, {
    asking: 'canary',
    timeout: canary.holdTimeout,
    what: `promote or reject: the canary is inconclusive (${reason})`,
    late: `still inconclusive when the time to decide was over: ${reason}`,
  });
  return true;
}

/** Waits for the person whose word a manual step needs. */
export async function untilPromoted(run: Run, soakAgain: Soak, timeout: number): Promise<void> {
  const within = formatDuration(timeout);
  await ask(run, soakAgain, {
    asking: 'promotion',
    timeout,
    what: `promote or reject: the step at ${soakAgain.share} % is manual; within ${within}`,
    late: `nobody promoted the step at ${soakAgain.share} % within ${within}`,
  });
}

interface Question {
  asking: 'canary' | 'promotion';
  timeout: number;
  what: string;
  /** Why the release is rolled back when nobody answers. */
  late: string;
}

// Judging goes on while a person thinks, without their answer's clock being stopped by it.
async function ask(run: Run, soakAgain: Soak, { asking, timeout, what, late }: Question): Promise<void> {
  const { control } = run;
  let over = false;
  const clock = new CancellationScope();
  void clock
    .run(() => condition(() => false, timeout))
    .then(
      () => (over = true),
      () => undefined,
    );
  control.asking = asking;
  control.waitFor(what);
  try {
    const judgement = await soak(run, { ...soakAgain, length: null, longest: undefined, until: () => over });
    if (judgement.verdict === 'fail') throw judgedNo(judgement);
    if (over) throw judgedNo({ verdict: 'fail', reason: late });
  } finally {
    clock.cancel();
    control.asking = null;
    control.waitFor(undefined);
  }
}

function inputOf(
  { step, slot, request, live, carried, recorded, deployed }: Run,
  { name, share, limits, baseline }: Soak,
  startedAt: number,
  { length, longest }: { length: number | null; longest: number | null },
): SoakInput {
  const { interval } = request.config.canary;
  const beside = live && share < 100 ? { version: live.version, releaseId: live.releaseId } : null;
  const known = carried && carried.name !== name ? forNextStep(carried) : carried;
  const what = { name, slot, share, soak: length, longest, interval, limits, beside };
  return {
    ...step,
    ...what,
    baseline,
    startedAt,
    carried: known,
    recorded: beside ? null : recorded,
    ...(deployed && { deployed }),
  };
}

function promotedBy({ who, why }: { who: string; why: string }, { judgement }: SoakReport): Judgement {
  const verdict = judgement.verdict === 'not judged' ? 'not judged' : 'pass';
  return { ...judgement, verdict, reason: `promoted by ${who}${why ? `: ${why}` : ''}` };
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
  carried: null,
  counted: null,
};
