import { chanceOfMore } from './hypergeometric';
import { normalQuantile, normalTail } from './normal';
import { betaBelow } from './proportion';
import { exactProbabilities, rankSum } from './rank-sum';
import { studentTail } from './student';

// Chances that decide between versions must be monotone: higher values are never less certain. A correction for ties is
// not, because it depends on both samples, and neither is an interval whose end must exceed a part of its estimate. So
// everything but the ranks depends on the baseline alone.

const MANY = 50;

export interface Chances {
  /** Mann and Whitney's test without a correction for ties, which is careful where many values tie. */
  ranks: number;
  /** Fisher's exact test of what deviates from a value that is more than half of y, where ranks are blind; else 1. */
  parts: number;
}

/** @param inflation how many times dependence between values raises the variance; both lists are ascending */
export function chancesOfHigher(xs: Float64Array, ys: Float64Array, inflation: number): Chances {
  const { ranks, parts } = usual(xs, ys, inflation);
  return { ranks: inflation === 1 ? ranks : Math.min(ranks, chanceOfFar(xs, ys)), parts };
}

export function chancesOfLower(xs: Float64Array, ys: Float64Array, inflation: number): Chances {
  return chancesOfHigher(mirrored(xs), mirrored(ys), inflation);
}

export function leastChance(count: number, ys: Float64Array, inflation: number): number {
  const beyond = new Float64Array(count).fill(Infinity);
  const [high, low] = [usual(beyond, ys, inflation), usual(beyond, mirrored(ys), inflation)];
  return Math.max(Math.min(high.ranks, high.parts), Math.min(low.ranks, low.parts));
}

function usual(xs: Float64Array, ys: Float64Array, inflation: number): Chances {
  const { u, pairs } = rankSum(xs, ys);
  if (u * 2 <= pairs) return { ranks: 1, parts: 1 };
  const degrees = Math.max(1, (xs.length + ys.length) / inflation - 2);
  const weaker = (chance: number): number =>
    inflation === 1 ? chance : studentTail(normalQuantile(Math.max(1e-300, chance)) / Math.sqrt(inflation), degrees);
  return {
    ranks: byRanks(u, [xs.length, ys.length], { inflation, degrees }),
    parts: Math.min(1, ...aroundMajority(xs, ys).map(weaker)),
  };
}

const FAR = 2;

/** Values that depend on each other may all be above y by chance, but not far above, so it counts those far above. */
function chanceOfFar(xs: Float64Array, ys: Float64Array): number {
  const [lowest, highest] = [ys[0]!, ys.at(-1)!];
  const count = xs.length - firstAbove(xs, highest + FAR * (highest - lowest));
  return count === 0 ? 1 : chanceOfMore({ count, of: xs.length }, { count: 0, of: ys.length });
}

function byRanks(
  u: number,
  [m, n]: readonly [number, number],
  { inflation, degrees }: { inflation: number; degrees: number },
): number {
  const pairs = m * n;
  if (inflation === 1 && m < MANY && n < MANY) {
    // By symmetry; a tie that leaves half a rank counts as the less certain of the two.
    const extreme = Math.ceil(pairs - u);
    return exactProbabilities(m, n)
      .subarray(0, extreme + 1)
      .reduce((sum, probability) => sum + probability, 0);
  }
  const deviation = Math.sqrt((pairs / 12) * ((m + n) * inflation + 1));
  const distance = Math.max(0, u - pairs / 2 - 0.5) / deviation;
  return inflation === 1 ? normalTail(distance) : studentTail(distance, degrees);
}

/** Values that deviate from the majority's must also lie on one side; mere noise lies on both. */
function aroundMajority(xs: Float64Array, ys: Float64Array): number[] {
  const middle = ys[ys.length >> 1]!;
  const [x, y] = [xs, ys].map((all) => ({
    of: all.length,
    above: all.length - firstAbove(all, middle),
    below: firstFrom(all, middle),
  })) as [Sides, Sides];
  if (y.of - y.above - y.below <= y.of / 2) return [];
  const above = chanceOfMore({ count: x.above, of: x.of }, { count: y.above, of: y.of });
  const below = chanceOfMore({ count: x.of - x.below, of: x.of }, { count: y.of - y.below, of: y.of });
  return [Math.max(above, chanceOfSide(x.above, x.below)), Math.max(below, chanceOfSide(y.below, y.above))];
}

function chanceOfSide(here: number, there: number): number {
  return here === 0 ? 1 : betaBelow(0.5, here, there + 1);
}

interface Sides {
  of: number;
  above: number;
  below: number;
}

function firstAbove(sorted: Float64Array, value: number): number {
  const index = sorted.findIndex((one) => one > value);
  return index < 0 ? sorted.length : index;
}

function firstFrom(sorted: Float64Array, value: number): number {
  const index = sorted.findIndex((one) => one >= value);
  return index < 0 ? sorted.length : index;
}

function mirrored(sorted: Float64Array): Float64Array {
  return sorted.map(negative).reverse();
}

function negative(value: number): number {
  return -value;
}
