import { differences } from './differences';
import { normalQuantile, normalTail } from './normal';
import type { Interval } from './proportion';
import { exactProbabilities, rankSum, type RankSum } from './rank-sum';

export interface Shift {
  /** Median of all differences x − y: the estimate of Hodges and Lehmann. */
  estimate: number;
  /** A side is null where so few values cannot give this confidence. */
  interval: Interval;
  pValue: number;
  cles: number;
  exact: boolean;
}

/**
 * The test and interval of R's `wilcox.test(x, y, conf.int = TRUE)`. Unlike R's, the ends are the very differences at
 * which the test turns, and null where so few values cannot reach one. Neither sample may be empty.
 */
export function shiftBetween(x: readonly number[], y: readonly number[], confidence: number): Shift {
  const [xs, ys] = [Float64Array.from(x).sort(), Float64Array.from(y).sort()];
  const ranks = rankSum(xs, ys);
  const exact = xs.length < 50 && ys.length < 50 && !ranks.ties;
  const { rank, pValue } = (exact ? byExact : byNormal)(ranks, xs.length, ys.length, 1 - confidence);
  const { pairs } = ranks;
  const at = differences(xs, ys);
  const middle = at(Math.ceil(pairs / 2));
  return {
    estimate: pairs % 2 === 1 ? middle : (middle + at(pairs / 2 + 1)) / 2,
    interval: rank < 1 ? { lower: null, upper: null } : { lower: at(rank), upper: at(pairs + 1 - rank) },
    pValue,
    cles: ranks.u / pairs,
    exact,
  };
}

interface Outcome {
  /** Rank of the difference that is the lower end; below 1 when there is none. */
  rank: number;
  pValue: number;
}

function byExact({ u, pairs }: RankSum, m: number, n: number, miss: number): Outcome {
  const probabilities = exactProbabilities(m, n);
  const extreme = Math.min(u, pairs - u);
  let below = 0;
  let rank = -1;
  let tail = 0;
  for (let value = 0; value < probabilities.length; value++) {
    below += probabilities[value]!;
    if (value <= extreme) tail = below;
    // Rounding must not keep a confidence that is met exactly from counting as met.
    if (rank < 0 && below >= (miss / 2) * (1 - 1e-9)) rank = value;
  }
  return { rank, pValue: Math.min(1, 2 * tail) };
}

function byNormal({ u, pairs, deviation, deviationApart }: RankSum, m: number, n: number, miss: number): Outcome {
  const distance = Math.max(0, Math.abs(u - pairs / 2) - 0.5);
  const pValue = deviation === 0 ? 1 : Math.min(1, 2 * normalTail(distance / deviation));
  const rank = Math.ceil(pairs / 2 - 0.5 - normalQuantile(miss / 2) * deviationApart);
  // With many ties the approximation promises what even complete separation cannot show.
  return { rank: 2 / choose(m + n, m) > miss ? 0 : rank, pValue };
}

function choose(all: number, some: number): number {
  let result = 1;
  for (let i = 1; i <= Math.min(some, all - some); i++) {
    result *= (all - i + 1) / i;
    if (result > 1e12) return Infinity;
  }
  return result;
}
