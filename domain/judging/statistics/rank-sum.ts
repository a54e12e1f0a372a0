export interface RankSum {
  /** Pairs in which x is greater, ties counted half: Mann and Whitney's U. */
  u: number;
  pairs: number;
  ties: boolean;
  deviation: number;
  /** The same without values in common, as at almost every shift. */
  deviationApart: number;
}

export function rankSum(xs: Float64Array, ys: Float64Array): RankSum {
  const [m, n] = [xs.length, ys.length];
  const within = tieTerm(xs) + tieTerm(ys);
  const pooled = tieTerm(merged(xs, ys));
  return {
    u: aboveCount(xs, ys),
    pairs: m * n,
    ties: pooled > 0,
    deviation: deviationOf(m, n, pooled),
    deviationApart: deviationOf(m, n, within),
  };
}

/** Holds for samples without ties (Mann and Whitney, 1947), up to half the pairs; the rest mirrors it. */
export function exactProbabilities(m: number, n: number): Float64Array {
  if (known?.m !== m || known.n !== n) known = { m, n, probabilities: exactly(m, n) };
  return known.probabilities;
}

let known: { m: number; n: number; probabilities: Float64Array } | undefined;

function exactly(m: number, n: number): Float64Array {
  const size = Math.floor((m * n) / 2) + 1;
  const first = new Float64Array(size);
  first[0] = 1;
  let row: Float64Array[] = Array.from({ length: m + 1 }, () => first);
  for (let j = 1; j <= n; j++) {
    const next: Float64Array[] = [first];
    for (let i = 1; i <= m; i++) next.push(mixed(next[i - 1]!, row[i]!, i, j));
    row = next;
  }
  return row[m]!;
}

function mixed(withoutX: Float64Array, withoutY: Float64Array, i: number, j: number): Float64Array {
  const result = new Float64Array(withoutX.length);
  const part = i / (i + j);
  const last = Math.min(result.length - 1, i * j);
  for (let u = 0; u <= last; u++) {
    result[u] = (1 - part) * withoutY[u]! + (u >= j ? part * withoutX[u - j]! : 0);
  }
  return result;
}

function aboveCount(xs: Float64Array, ys: Float64Array): number {
  let [less, notGreater, u] = [0, 0, 0];
  for (const x of xs) {
    while (less < ys.length && ys[less]! < x) less++;
    while (notGreater < ys.length && ys[notGreater]! <= x) notGreater++;
    u += (less + notGreater) / 2;
  }
  return u;
}

function deviationOf(m: number, n: number, ties: number): number {
  const all = m + n;
  return Math.sqrt(Math.max(0, ((m * n) / 12) * (all + 1 - ties / (all * (all - 1)))));
}

/** Σ t³ − t over groups of t equal values. */
function tieTerm(sorted: Float64Array): number {
  let total = 0;
  for (let from = 0; from < sorted.length;) {
    let to = from + 1;
    while (to < sorted.length && sorted[to] === sorted[from]) to++;
    const t = to - from;
    total += t ** 3 - t;
    from = to;
  }
  return total;
}

function merged(xs: Float64Array, ys: Float64Array): Float64Array {
  const all = new Float64Array(xs.length + ys.length);
  all.set(xs);
  all.set(ys, xs.length);
  return all.sort();
}
