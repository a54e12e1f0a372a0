import { mixedPValue } from './sequential';

// This tests latency buckets at any moment, as sequential.ts tests rates. Without a difference, a request in bucket k
// is the canary's with probability s, its share. Where the canary has r_k times as many, the odds change by r_k/A_k for
// its request and by 1/A_k for the baseline's, A_k = 1 + s (r_k − 1). By the inequality of means N requests change them
// by at most (Σ q_k (s r_k + 1 − s)/A_k)^N = 1 in expectation, with q_k the part of bucket k. So any r_k chosen before
// the increment are valid, and a bad estimate of them costs only sharpness.

export interface LatencyIncrement {
  /** Upper bounds in ms, ascending; null, the last one, has none. */
  bounds: readonly (number | null)[];
  baseline: readonly number[];
  canary: readonly number[];
}

export interface LatencyState extends LatencyIncrement {
  /** Logarithm of the odds against no difference, for each way of being slower. */
  logOdds: readonly number[];
  pValue: number;
}

const FACTORS = [1.1, 1.2, 1.3, 1.5, 2, 3];
/** The slowest `part` of the baseline's requests may be `times` that part for the canary. */
const TAILS = [
  { part: 0.1, times: 3 },
  { part: 0.01, times: 3 },
  { part: 0.001, times: 10 },
];
const BETS = [...FACTORS, ...TAILS].map((_, __, all) => ({ weight: 1 / all.length }));

export function startLatency(): LatencyState {
  return { bounds: [], baseline: [], canary: [], logOdds: BETS.map(() => 0), pValue: 1 };
}

// Requests of one moment are not independent: a stall makes all of them slow. So the odds grow by at most this, which
// keeps them a supermartingale.
const MOST = Math.log(10);

/** Other bounds make the counts begin anew, but what was found stays. */
export function observeLatency(state: LatencyState, { bounds, baseline, canary }: LatencyIncrement): LatencyState {
  const known =
    bounds.length === state.bounds.length && bounds.every((bound, bucket) => bound === state.bounds[bucket]);
  const before = known ? state : { ...state, bounds, baseline: zeros(bounds), canary: zeros(bounds) };
  const share = sum(canary) / (sum(canary) + sum(baseline));
  const logOdds =
    share > 0 && share < 1 && sum(before.baseline) > 0
      ? slower(before).map(
          (ratios, index) => state.logOdds[index]! + Math.min(MOST, change(ratios, share, baseline, canary)),
        )
      : state.logOdds;
  return {
    bounds: before.bounds,
    baseline: before.baseline.map((count, bucket) => count + baseline[bucket]!),
    canary: before.canary.map((count, bucket) => count + canary[bucket]!),
    logOdds,
    pValue: Math.min(state.pValue, mixedPValue(logOdds, BETS)),
  };
}

export function jointLatencyPValue(states: readonly LatencyState[]): number {
  const logOdds = BETS.map((_, index) => states.reduce((total, one) => total + one.logOdds[index]!, 0));
  return mixedPValue(logOdds, BETS);
}

function change(
  ratios: readonly number[],
  share: number,
  baseline: readonly number[],
  canary: readonly number[],
): number {
  let total = 0;
  for (let bucket = 0; bucket < ratios.length; bucket++) {
    const [live, own] = [baseline[bucket]!, canary[bucket]!];
    if (live + own === 0) continue;
    const ratio = ratios[bucket]!;
    total += own * Math.log(ratio) - (live + own) * Math.log1p(share * (ratio - 1));
  }
  return total;
}

function slower({ bounds, baseline }: LatencyIncrement): number[][] {
  const parts = smoothed(baseline);
  const scaled = FACTORS.map((factor) =>
    smoothed(scaledCounts(bounds, baseline, factor)).map((part, bucket) => part / parts[bucket]!),
  );
  return [...scaled, ...TAILS.map((tail) => tailRatios(parts, tail))];
}

/** So many requests are assumed over all buckets before any was seen. */
const PRIOR = 2;

function smoothed(counts: readonly number[]): number[] {
  const all = sum(counts) + PRIOR;
  return counts.map((count) => (count + PRIOR / counts.length) / all);
}

/** Within a bucket, requests are spread evenly by logarithm. */
function scaledCounts(bounds: LatencyIncrement['bounds'], counts: readonly number[], factor: number): number[] {
  const edges = edgesOf(bounds);
  const move = Math.log(factor);
  const moved = zeros(counts);
  counts.forEach((count, bucket) => {
    if (count === 0) return;
    const [from, to] = [edges[bucket]!, edges[bucket + 1]!];
    for (let place = bucket; place < counts.length; place++) {
      const top = place === counts.length - 1 ? Infinity : edges[place + 1]!;
      const bottom = place === bucket ? -Infinity : edges[place]!;
      const within = Math.min(top, to + move) - Math.max(bottom, from + move);
      if (within > 0) moved[place]! += (count * within) / (to - from);
      if (top >= to + move) break;
    }
  });
  return moved;
}

/** Returns logarithms; the first and the last bucket are taken to be as wide as a factor of four. */
function edgesOf(bounds: LatencyIncrement['bounds']): number[] {
  const inner = bounds.filter((bound) => bound !== null).map(Math.log);
  return [inner[0]! - Math.log(4), ...inner, inner.at(-1)! + Math.log(4)];
}

function tailRatios(parts: readonly number[], { part, times }: { part: number; times: number }): number[] {
  let first = parts.length;
  let tail = 0;
  while (first > 0 && tail + parts[first - 1]! <= part) tail += parts[--first]!;
  const raised = part * times;
  return parts.map((_, bucket) => (bucket >= first ? raised / tail : (1 - raised) / (1 - tail)));
}

function zeros(like: readonly unknown[]): number[] {
  return like.map(() => 0);
}

function sum(counts: readonly number[]): number {
  return counts.reduce((total, count) => total + count, 0);
}
