import { CancellationScope, condition, patched, TemporalFailure } from '@temporalio/workflow';
import type { SoakInput, SoakReport } from '../activities/steps';
import type { Limits } from '../domain/config';
import type { JudgedStep, Judgement } from '../domain/release';
import { formatDuration } from '../domain/units';
import { forNextStep } from '../domain/judging/soak/state';
import type { Control } from './control';
import { paceOf, SOAK_PACES, type Pace } from './pace';
import type { ReleaseRun } from './run';
import { patient } from './steps';

export interface Soak {
  /** Such as `canary-10`, `approve` or `bake`. */
  name: string;
  share: number;
  /** Milliseconds without the pauses; null: until `until` says so. */
  length: number | null;
  /** Too little evidence may lengthen it up to this. */
  longest?: number;
  limits: Limits;
  since: SoakInput['baseline'];
  /** Ends the soak early, as `promote` does. */
  until?: () => boolean;
}

/** A pause stops the clock, not the judging. Throws only when the release is stopped. */
export async function soak(run: ReleaseRun, soak: Soak): Promise<Judgement> {
  const { control } = run;
  let spent = 0;
  control.soaking = true;
  control.promoted = undefined;
  try {
    for (let handedOver = 0; ;) {
      const paused = control.paused;
      const turned = () => control.paused !== paused || control.promoted !== undefined || (soak.until?.() ?? false);
      const began = Date.now();
      const pace = paceOf(SOAK_PACES, handedOver);
      const length = paused ? FOR_EVER : lengthLeft(soak, spent);
      const input = { ...inputOf(run, soak), ...length, spent, startedAt: began };
      const { report, wasTurned } = await soakOnce(input, pace, turned);
      const bad = report.judgement.verdict === 'fail';
      const judgement =
        control.promoted && report.interrupted && !bad ? promotedBy(control.promoted, report) : report.judgement;
      remember(run, soak, { ...report, judgement });
      if (bad || control.promoted || soak.until?.()) return judgement;
      if (!report.interrupted && !isHeld(control)) return judgement;
      if (!paused) spent += Date.now() - began;
      // Somebody may have paused and resumed before it learned of either.
      handedOver = wasTurned ? 0 : handedOver + 1;
    }
  } finally {
    control.soaking = false;
  }
}

/** A soak may end before it learns of a pause; then it is watched on, since its end would move traffic. */
function isHeld({ paused }: Control): boolean {
  // Releases that an older Spillway began went on.
  return paused && patched('hold-after-soak');
}

type Length = Pick<SoakInput, 'soak' | 'longest'>;

const FOR_EVER: Length = { soak: null, longest: null };

function lengthLeft({ length, longest }: Soak, spent: number): Length {
  const left = (whole: number | null) => (whole === null ? null : Math.max(0, whole - spent));
  return { soak: left(length), longest: left(longest ?? length) };
}

function remember(run: ReleaseRun, { name, share }: Soak, report: SoakReport): void {
  run.carried = report.carried ?? run.carried;
  if (requestsIn(report.counted) > requestsIn(run.recorded)) run.recorded = report.counted;
  const { judgement, requests, picture } = report;
  const before = (run.control.status.judged ?? []).filter((step) => step.name !== name);
  const { phase } = run.control.status;
  const step: JudgedStep = { name, phase, share, judgement, requests, ...(picture !== undefined && { picture }) };
  run.control.changed({ judgement, judged: [...before, step] });
}

function requestsIn(counted: SoakReport['counted']): number {
  return Object.values(counted ?? {}).reduce((sum, { requests }) => sum + requests, 0);
}

function inputOf(
  { step, slot, request, live, carried, recorded, deployed }: ReleaseRun,
  { name, share, limits, since }: Soak,
): Omit<SoakInput, 'startedAt' | 'spent' | keyof Length> {
  const { interval } = request.config.canary;
  const beside = live && share < 100 ? { version: live.version, releaseId: live.releaseId } : null;
  return {
    ...step,
    name,
    slot,
    share,
    interval,
    limits,
    beside,
    baseline: since,
    carried: carried && carried.name !== name ? forNextStep(carried) : carried,
    recorded: beside ? null : recorded,
    ...(deployed && { deployed }),
  };
}

function promotedBy({ who, why }: { who: string; why: string }, { judgement }: SoakReport): Judgement {
  const verdict = judgement.verdict === 'not judged' ? 'not judged' : 'pass';
  return { ...judgement, verdict, reason: `promoted by ${who}${why ? `: ${why}` : ''}` };
}

interface Soaked {
  report: SoakReport;
  /** True when a message ended it. */
  wasTurned: boolean;
}

/** A soak only reads, so a stopped release does not wait for its end. */
async function soakOnce(
  input: SoakInput,
  { heartbeatTimeout, ...handOver }: Pace,
  turned: () => boolean,
): Promise<Soaked> {
  const scope = new CancellationScope();
  const length = input.soak === null ? '' : ` for ${formatDuration(input.soak)}`;
  const summary = `soak at ${input.share} %${length}`;
  const options = { summary, heartbeatTimeout };
  const running = scope.run(() => patient.soak.executeWithOptions(options, [{ ...input, ...handOver }]));
  const watching = new CancellationScope();
  void watching
    .run(() => condition(turned))
    .then(
      () => scope.cancel(),
      () => undefined,
    );
  try {
    const report = await Promise.race([running, CancellationScope.current().cancelRequested]);
    return { report, wasTurned: scope.consideredCancelled };
  } catch (error) {
    running.catch(() => undefined);
    // A worker that died can no longer say what it saw.
    if (turned() && scope.consideredCancelled && error instanceof TemporalFailure)
      return { report: nothingSeen, wasTurned: true };
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
