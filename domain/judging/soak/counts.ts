import type { AnalysisMetric } from '../../config';
import { observeCounts, startCounts, type CountsState } from '../live/counts';
import type { Pair } from '../series';
import type { Readings } from './state';
import type { Count } from '../statistics/rates';

// Counts that fall and rise again would be counted twice, so only what exceeds all earlier counts is new.

interface Counts {
  canary: Count;
  baseline: Count;
}

export interface MetricCounts {
  state: CountsState;
  seen: Counts;
  /** The counts read last, without news of one slot perhaps; absent in state of older versions. */
  newest?: Counts;
  falls?: number;
  /** Why it is not used any more: it counts something else. */
  refused?: string;
}

const MOST_FALLS = 2;

/** @returns unchanged `counts` without an answer for either version, so that the next difference is larger */
export function countMetric(
  metric: AnalysisMetric,
  before: MetricCounts | undefined,
  { canary, live }: Readings,
): { counts: MetricCounts | undefined; gap?: string } {
  if (!('total' in canary) || !live || !('total' in live)) return { counts: before };
  const now: Counts = { canary: countOf(canary), baseline: countOf(live) };
  if (!before) return { counts: begun(metric, now) };
  // It counts over a sliding window, so what rises is not new either.
  if (before.refused !== undefined) return { counts: before, gap: before.refused };
  const last = before.newest ?? before.seen;
  const fallen = (['canary', 'baseline'] as const).filter((side) => isBelow(now[side], last[side]));
  if (fallen.length > 0) return fell(metric, before, now, fallen);
  return { counts: advanced({ ...before, newest: now }) };
}

/** Prometheus proves that it counts from the step's beginning; the first count of other sources may be older. */
function begun(metric: AnalysisMetric, now: Counts): MetricCounts {
  const zero = { bad: 0, total: 0 };
  const state = startCounts(metric);
  if (!metric.prometheus) return { state, seen: now, newest: now };
  return advanced({ state, seen: { canary: zero, baseline: zero }, newest: now });
}

/** Waits until both versions have news, since one alone is no comparison. */
function advanced(counts: MetricCounts): MetricCounts {
  const { state, seen, newest = seen } = counts;
  const increment = { canary: minus(newest.canary, seen.canary), baseline: minus(newest.baseline, seen.baseline) };
  const isWhole = Object.values(increment).every(({ bad, total }) => total > 0 && bad <= total);
  return isWhole ? { ...counts, state: observeCounts(state, increment), seen: newest } : counts;
}

function fell(
  metric: AnalysisMetric,
  before: MetricCounts,
  now: Counts,
  fallen: (keyof Counts)[],
): { counts: MetricCounts; gap: string } {
  const last = before.newest ?? before.seen;
  const [side] = fallen as [keyof Counts];
  const seen = `seen ${now[side].bad} of ${now[side].total} after ${last[side].bad} of ${last[side].total}`;
  if (metric.prometheus) return { counts: before, gap: `expected counts that only grow, ${seen}` };
  const falls = (before.falls ?? 0) + 1;
  const isCounter = metric.command?.answers === 'counters' || metric.webhook?.answers === 'counters';
  if (isCounter && falls <= MOST_FALLS && fallen.every((one) => beganAnew(now[one], last[one])))
    return { counts: { ...before, seen: now, newest: now, falls }, gap: `a counter fell, ${seen}` };
  const gap = isCounter
    ? `expected counts since ever, which fall only when their process begins anew, ${seen}: count all that ever happened, ` +
      'not what happened lately; nothing of it is used'
    : `expected counts since the soak began, which only grow, ${seen}: count all that happened between FROM and TO, not ` +
      'what happened lately; nothing of it is used';
  return { counts: { state: startCounts(metric), seen: now, newest: now, falls, refused: gap }, gap };
}

/** A restart loses most of the count, a sliding window only a little at a time. */
function beganAnew(now: Count, last: Count): boolean {
  return now.total < last.total / 2;
}

export function withPending({ state, seen, newest = seen }: MetricCounts): CountsState {
  const pending = { canary: minus(newest.canary, seen.canary), baseline: minus(newest.baseline, seen.baseline) };
  return {
    ...state,
    canary: plus(state.canary, pending.canary),
    baseline: plus(state.baseline, pending.baseline),
  };
}

/** Returns per cent of bad events since the reading before. */
export function ratesOf(before: MetricCounts | undefined, { newest, seen }: MetricCounts): Pair {
  const of = (side: keyof Counts): number | null => {
    const now = (newest ?? seen)[side];
    const known = before && (before.newest ?? before.seen)[side];
    const { bad, total } = known ? minus(now, known) : now;
    return total > 0 && bad >= 0 ? (100 * bad) / total : null;
  };
  return [of('canary'), of('baseline')];
}

function isBelow(now: Count, before: Count): boolean {
  return now.total < before.total || now.bad < before.bad;
}

function countOf({ bad, total }: Count): Count {
  return { bad, total };
}

function minus(one: Count, other: Count): Count {
  return { bad: one.bad - other.bad, total: one.total - other.total };
}

function plus(one: Count, other: Count): Count {
  return { bad: one.bad + other.bad, total: one.total + other.total };
}
