import { observe, startSequential, type SequentialState } from '../statistics/sequential';
import type { LatencyIncrement } from '../statistics/sequential-latency';

/*
 * Evidence that a canary is not slower by a bucket of latency or more. If it were, it would exceed each bound at least as
 * often as the baseline exceeds the bound below, so these are rates and tested as such. The bound must be chosen by what was
 * counted before the increment.
 */

export interface NotSlower {
  /** At a bound that many of the baseline's requests exceed, and at one that few do. */
  usual: SequentialState;
  slow: SequentialState;
}

const MANY = 0.4;
const FEW = 0.03;

export function startNotSlower(): NotSlower {
  return { usual: startSequential('decrease'), slow: startSequential('decrease') };
}

/** @param seen what was counted before the increment */
export function observeNotSlower(state: NotSlower, seen: LatencyIncrement, increment: LatencyIncrement): NotSlower {
  return {
    usual: observeAbove(state.usual, boundExceededBy(seen, MANY), increment),
    slow: observeAbove(state.slow, boundExceededBy(seen, FEW), increment),
  };
}

function observeAbove(test: SequentialState, bucket: number, { baseline, canary }: LatencyIncrement): SequentialState {
  // The last bucket has no bound that could be exceeded.
  if (bucket < 0 || bucket + 2 >= baseline.length) return test;
  return observe(test, {
    baseline: { bad: sum(baseline.slice(bucket + 1)), total: sum(baseline) },
    canary: { bad: sum(canary.slice(bucket + 2)), total: sum(canary) },
  });
}

/** The last bucket whose bound at least this part of the baseline's requests exceeds; −1 when there is none. */
function boundExceededBy({ baseline }: LatencyIncrement, part: number): number {
  const all = sum(baseline);
  return baseline.findLastIndex((_, bucket) => all > 0 && sum(baseline.slice(bucket + 1)) >= part * all);
}

function sum(counts: readonly number[]): number {
  return counts.reduce((total, count) => total + count, 0);
}
