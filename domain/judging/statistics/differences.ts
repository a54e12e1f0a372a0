/**
 * Selects the difference x − y of a rank among all pairs in O((m + n) log(m n)), without making the pairs. Pivots come
 * from a sample, a little below and above the rank in turn (Floyd and Rivest, 1975). Lists are ascending, ranks from 1.
 */
export function differenceAt(xs: Float64Array, ys: Float64Array, rank: number): number {
  const candidates = allPairs(xs, ys);
  for (let round = 0; ; round++) {
    const below = sum(candidates.from);
    const left = sum(candidates.to) - below;
    if (left <= FEW) return remaining(candidates, left)[rank - below - 1]!;
    const drawn = draw(candidates, left);
    const place = ((rank - below) / left) * SAMPLE + (round % 2 ? MARGIN : -MARGIN);
    const pivot = drawn[Math.min(SAMPLE - 1, Math.max(0, Math.floor(place)))]!;
    const { less, notGreater } = cut(candidates, pivot);
    if (rank <= sum(less)) candidates.to = less;
    else if (rank > sum(notGreater)) candidates.from = notGreater;
    else return pivot;
  }
}

/** `differenceAt` of several ranks: where there are few pairs, they are made and sorted once. */
export function differences(xs: Float64Array, ys: Float64Array): (rank: number) => number {
  const pairs = xs.length * ys.length;
  if (pairs > FEW) return (rank) => differenceAt(xs, ys, rank);
  const all = remaining(allPairs(xs, ys), pairs);
  return (rank) => all[rank - 1]!;
}

const FEW = 10_000;
const SAMPLE = 500;
const MARGIN = 6;

interface Candidates {
  xs: Float64Array;
  ys: Float64Array;
  from: Int32Array;
  to: Int32Array;
}

function allPairs(xs: Float64Array, ys: Float64Array): Candidates {
  return { xs, ys, from: new Int32Array(xs.length), to: new Int32Array(xs.length).fill(ys.length) };
}

function draw({ xs, ys, from, to }: Candidates, left: number): Float64Array {
  const drawn = new Float64Array(SAMPLE);
  let next = 0;
  let passed = 0;
  for (let x = 0; x < xs.length && next < SAMPLE; x++) {
    const size = to[x]! - from[x]!;
    // Uneven places in the stretches keep regular data from misleading the pivots.
    for (let at = placeOf(next, left); next < SAMPLE && at < passed + size; at = placeOf(next, left)) {
      drawn[next++] = xs[x]! - ys[ys.length - 1 - from[x]! - (at - passed)]!;
    }
    passed += size;
  }
  return drawn.sort();
}

function placeOf(index: number, left: number): number {
  const within = (index * 0.618_033_988_749_895) % 1;
  return Math.floor(((index + within) / SAMPLE) * left);
}

function cut({ xs, ys }: Candidates, pivot: number): { less: Int32Array; notGreater: Int32Array } {
  const size = ys.length;
  const less = new Int32Array(xs.length);
  const notGreater = new Int32Array(xs.length);
  let [few, more] = [size, size];
  for (let index = 0; index < xs.length; index++) {
    const x = xs[index]!;
    while (few > 0 && x - ys[size - few]! >= pivot) few--;
    while (more > 0 && x - ys[size - more]! > pivot) more--;
    less[index] = few;
    notGreater[index] = more;
  }
  return { less, notGreater };
}

function remaining({ xs, ys, from, to }: Candidates, left: number): Float64Array {
  const values = new Float64Array(left);
  let next = 0;
  for (let x = 0; x < xs.length; x++) {
    for (let at = from[x]!; at < to[x]!; at++) values[next++] = xs[x]! - ys[ys.length - 1 - at]!;
  }
  return values.sort();
}

function sum(counts: Int32Array): number {
  let total = 0;
  for (let index = 0; index < counts.length; index++) total += counts[index]!;
  return total;
}
