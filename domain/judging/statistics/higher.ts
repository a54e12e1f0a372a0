import { chanceOfMore } from './hypergeometric';
import { normalQuantile, normalTail } from './normal';
import { betaBelow } from './proportion';
import { exactProbabilities, rankSum } from './rank-sum';
import { studentTail } from './student';

/*
 * How likely it is that one sample looks as much higher as it does, although nothing differs. What decides between
 * versions must be monotone: values that are higher still are never less certain. The test of Mann and Whitney with a
 * correction for ties is not, because that depends on both samples; nor is an interval of the shift that must lie beyond
 * a part of its estimate, because the estimate grows faster. Here everything but the ranks depends on the baseline alone.
 */

const MANY = 50;

/** Upper bounds of the probability that one sample looks as much higher than another, when nothing differs. */
export interface Chances {
  /** By the test of Mann and Whitney without a correction for ties, which is careful where many values tie. */
  ranks: number;
  /**
   * Where one value is more than half of y, ranks are nearly blind: there the parts that deviate from it are compared by
   * Fisher's exact test. 1 where none is.
   */
  parts: number;
}

/**
 * How likely it is that x looks as much higher as it does. Neither chance grows when a value of x does.
 * @param xs ascending, as `ys`
 * @param inflation how many times the variance is larger because values depend on each other; 1 when they do not
 */
export function chancesOfHigher(xs: Float64Array, ys: Float64Array, inflation: number): Chances {
  const { ranks, parts } = usual(xs, ys, inflation);
  return { ranks: inflation === 1 ? ranks : Math.min(ranks, chanceOfFar(xs, ys)), parts };
}

/** The same of looking lower. */
export function chancesOfLower(xs: Float64Array, ys: Float64Array, inflation: number): Chances {
  return chancesOfHigher(mirrored(xs), mirrored(ys), inflation);
}

/** The smallest chance that so many values could have: when each of x is beyond all of y, though not far. */
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

/**
 * All of x may be above all of y by chance when values depend on each other, but not far above. So the count of those that
 * are is compared with none of y.
 */
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
    // By symmetry. A tie that leaves half a rank is taken for the less certain of the two.
    const extreme = Math.ceil(pairs - u);
    return exactProbabilities(m, n)
      .subarray(0, extreme + 1)
      .reduce((sum, probability) => sum + probability, 0);
  }
  const deviation = Math.sqrt((pairs / 12) * ((m + n) * inflation + 1));
  const distance = Math.max(0, u - pairs / 2 - 0.5) / deviation;
  return inflation === 1 ? normalTail(distance) : studentTail(distance, degrees);
}

/**
 * Whether more of x lies above the value that is more than half of y, and whether less of it lies below; nothing when no
 * value is. What deviates must also lie on one side of it rather than on both, as mere noise does.
 */
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

/** The sign test: as many of so many on one side, when either is as likely. */
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
