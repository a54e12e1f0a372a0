import type { AnalysisMetric } from '../../config';
import type { Finding } from '../metric/finding';
import { rateRatioInterval, type Count } from '../statistics/rates';
import { observe, startSequential, type Increment, type SequentialState } from '../statistics/sequential';
import { formatCount } from '../../units';

// The interval beside a verdict holds for one look only, unlike the p-value.
const CONFIDENCE = 0.98;

export interface LiveVerdict extends Finding {
  name: string;
  critical: boolean;
}

export interface CountsState {
  tests: SequentialState[];
  baseline: Count;
  canary: Count;
}

type CountsMetric = Pick<AnalysisMetric, 'direction' | 'effect'>;

export function startCounts({ direction = 'increase', effect }: CountsMetric): CountsState {
  const { allowedIncrease = 1, allowedDecrease = 1 } = effect;
  const increase = startSequential('increase', allowedIncrease);
  const decrease = startSequential('decrease', allowedDecrease);
  const none = { bad: 0, total: 0 };
  switch (direction) {
    case 'increase':
      return { tests: [increase], baseline: none, canary: none };
    case 'decrease':
      return { tests: [decrease], baseline: none, canary: none };
    case 'either':
      return { tests: [increase, decrease], baseline: none, canary: none };
  }
}

/** Adds an increment; one that cannot be right counts as missing evidence. */
export function observeCounts(state: CountsState, increment: Increment): CountsState {
  const tests = state.tests.map((test) => observe(test, increment));
  if (tests.some(({ unusable }, index) => unusable > state.tests[index]!.unusable)) return { ...state, tests };
  return {
    tests,
    baseline: added(state.baseline, increment.baseline),
    canary: added(state.canary, increment.canary),
  };
}

interface CountsSettings {
  level: number;
  /** A version needs this many before it passes; a certain difference fails it before. */
  minRequests: number;
  allowed?: number;
  said?: string;
}

export function countsVerdict(name: string, state: CountsState, settings: CountsSettings): LiveVerdict {
  const { baseline, canary } = state;
  const tests = state.tests.map((test) => ({ ...test, level: settings.level / state.tests.length }));
  const alarm = tests.find((test) => test.pValue <= test.level && isBeyond(test, state, settings));
  if (alarm) return verdict(name, state, alarm.direction === 'increase' ? 'high' : 'low', reasonOf(state, settings));
  const missing = missingOf({ live: baseline.total, canary: canary.total }, settings.minRequests);
  if (missing) return { ...verdict(name, state, missing.label, missing.reason), interval: null };
  if (canary.bad === canary.total && baseline.bad === baseline.total)
    return verdict(name, state, 'inconclusive', `everything is bad on both sides: ${reasonOf(state, settings)}`);
  return verdict(name, state, 'pass', reasonOf(state, settings));
}

export function missingOf(
  { live, canary }: { live: number; canary: number },
  needed: number,
): { label: 'nodata' | 'inconclusive'; reason: string } | undefined {
  const sides = [
    { of: 'new', total: canary },
    { of: 'live', total: live },
  ];
  const [few] = sides.sort((one, other) => one.total - other.total).filter(({ total }) => total < Math.max(1, needed));
  if (!few) return undefined;
  const reason = `${formatCount(few.total, 'request')} of the ${few.of} version seen, ${Math.max(1, needed)} needed`;
  return { label: few.total === 0 ? 'nodata' : 'inconclusive', reason };
}

export function certainty(pValue: number, level: number): string {
  const p = pValue < 1e-12 ? 'p below 1e-12' : `p = ${Number(pValue.toPrecision(2))}`;
  return `${p} at any time, ${pValue <= level ? '' : 'not '}below ${Number(level.toPrecision(2))}`;
}

function verdict(name: string, state: CountsState, label: Finding['label'], reason: string): LiveVerdict {
  const { baseline, canary } = state;
  const [before, now] = [rate(baseline), rate(canary)];
  return {
    name,
    label,
    critical: label === 'high' || label === 'low',
    interval: before === null || now === null ? null : rateRatioInterval(canary, baseline, CONFIDENCE),
    shift: before === null || now === null ? null : now - before,
    deviation: ratioOf(state),
    reason: reason + unusableText(state),
  };
}

function reasonOf(state: CountsState, { level, said = '' }: CountsSettings): string {
  const { baseline, canary, tests } = state;
  const rates = `${canary.bad} of ${canary.total}${said} (${percent(canary)}), live: ${baseline.bad} of ${baseline.total} (${percent(baseline)})`;
  const smallest = Math.min(...tests.map(({ pValue }) => pValue));
  return `${rates}; ${certainty(smallest, level / tests.length)}`;
}

function isBeyond({ direction, against }: SequentialState, state: CountsState, { allowed = 0 }: CountsSettings) {
  const ratio = ratioOf(state);
  if (direction === 'decrease') return ratio !== null && ratio < against;
  return ratio === null || ratio > Math.max(against, allowed);
}

/** Null from a baseline of zero; two rates of zero are the same. */
function ratioOf({ baseline, canary }: CountsState): number | null {
  const [before, now] = [rate(baseline), rate(canary)];
  if (before === null || now === null) return null;
  if (before === 0) return now === 0 ? 1 : null;
  return now / before;
}

function rate({ bad, total }: Count): number | null {
  return total === 0 ? null : bad / total;
}

function percent({ bad, total }: Count): string {
  return total === 0 ? 'no rate' : `${Number(((100 * bad) / total).toPrecision(3))} %`;
}

function unusableText({ tests }: CountsState): string {
  const unusable = tests[0]?.unusable ?? 0;
  return unusable === 0 ? '' : ` (${formatCount(unusable, 'reading')} ${unusable === 1 ? 'was' : 'were'} no evidence)`;
}

function added(one: Count, other: Count): Count {
  return { bad: one.bad + other.bad, total: one.total + other.total };
}
