/**
 * The difference x − y that has this rank among those of all pairs, without making the pairs: O((m + n) log(m n)).
 * Candidates of each x are a range, since both lists are sorted; a pivot cuts all ranges in one pass.
 *
 * @param xs ascending
 * @param ys ascending
 * @param rank 1 for the smallest difference, up to the number of pairs
 */
export function differenceAt(xs: Float64Array, ys: Float64Array, rank: number): number {
  const candidates = allPairs(xs, ys);
  // The choice of the pivot changes the time it takes, never the answer: so the same numbers each time will do.
  let seed = 1;
  for (;;) {
    const { below, left } = sizes(candidates);
    if (left <= 4 * (xs.length + ys.length)) return remaining(candidates)[rank - below - 1]!;
    seed = (seed * 16_807) % 2_147_483_647;
    const pivot = pick(candidates, Math.floor((left * seed) / 2_147_483_647));
    const less = countsBelow(candidates, (difference) => difference < pivot);
    const notGreater = countsBelow(candidates, (difference) => difference <= pivot);
    if (rank <= sum(less)) candidates.to = less;
    else if (rank > sum(notGreater)) candidates.from = notGreater;
    else return pivot;
  }
}

/** For each x, which of its differences (ascending, hence with y descending) may still be the one. */
interface Candidates {
  xs: Float64Array;
  ys: Float64Array;
  from: Int32Array;
  to: Int32Array;
}

function allPairs(xs: Float64Array, ys: Float64Array): Candidates {
  return { xs, ys, from: new Int32Array(xs.length), to: new Int32Array(xs.length).fill(ys.length) };
}

function sizes({ from, to }: Candidates): { below: number; left: number } {
  const below = sum(from);
  return { below, left: sum(to) - below };
}

function pick({ xs, ys, from, to }: Candidates, index: number): number {
  let left = index;
  for (let x = 0; x < xs.length; x++) {
    const size = to[x]! - from[x]!;
    if (left < size) return xs[x]! - ys[ys.length - 1 - from[x]! - left]!;
    left -= size;
  }
  throw new RangeError(`expected an index of a candidate, seen ${index}`);
}

/** How many differences of each x satisfy a condition that holds up to some difference and not beyond. */
function countsBelow({ xs, ys }: Candidates, holds: (difference: number) => boolean): Int32Array {
  const counts = new Int32Array(xs.length);
  // A greater x has fewer small differences.
  let count = ys.length;
  for (let x = 0; x < xs.length; x++) {
    while (count > 0 && !holds(xs[x]! - ys[ys.length - count]!)) count--;
    counts[x] = count;
  }
  return counts;
}

function remaining(candidates: Candidates): Float64Array {
  const { xs, ys, from, to } = candidates;
  const values = new Float64Array(sizes(candidates).left);
  let next = 0;
  for (let x = 0; x < xs.length; x++) {
    for (let at = from[x]!; at < to[x]!; at++) values[next++] = xs[x]! - ys[ys.length - 1 - at]!;
  }
  return values.sort();
}

function sum(counts: Int32Array): number {
  let total = 0;
  for (const count of counts) total += count;
  return total;
}
