import { observe, startSequential, type SequentialState } from '../statistics/sequential';
import type { LatencyIncrement } from '../statistics/sequential-latency';

// A canary that is slower by a bucket exceeds each bound as often as the baseline exceeds the bound below, so a test of
// rates can exclude it. The bound must be chosen by what was counted before the increment.

export interface NotSlower {
  /** `usual` is at a bound that many of the baseline's requests exceed, `slow` at one that few do. */
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
  if (bucket < 0 || bucket + 2 >= baseline.length) return test;
  return observe(test, {
    baseline: { bad: sum(baseline.slice(bucket + 1)), total: sum(baseline) },
    canary: { bad: sum(canary.slice(bucket + 2)), total: sum(canary) },
  });
}

/** Finds the last bucket whose bound at least this part of the baseline exceeds; −1 when there is none. */
function boundExceededBy({ baseline }: LatencyIncrement, part: number): number {
  const all = sum(baseline);
  return baseline.findLastIndex((_, bucket) => all > 0 && sum(baseline.slice(bucket + 1)) >= part * all);
}

function sum(counts: readonly number[]): number {
  return counts.reduce((total, count) => total + count, 0);
}
