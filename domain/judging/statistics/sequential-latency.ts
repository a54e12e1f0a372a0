import { mixedPValue } from './sequential';

/*
 * A test of latencies that one may look at after every sample and stop at any moment, from the counts of a router's
 * latency buckets. As with rates (sequential.ts): if nothing differs, a request in bucket k is the canary's with
 * probability s, its share of the requests; if slow buckets hold r_k times as many of the canary's requests, the odds
 * change by r_k / A_k for one of the canary and by 1 / A_k for one of the baseline, A_k = 1 + s (r_k − 1).
 *
 * The odds are a supermartingale whatever the r_k are, as long as they do not depend on the increment they are used for:
 * with q_k the part of requests in bucket k, the expected product over an increment of n canary's of N requests is
 * (Σ q_k r_k / A_k)^n (Σ q_k / A_k)^(N−n) ≤ (Σ q_k (s r_k + 1 − s) / A_k)^N = 1, by the inequality of means. So a bad
 * estimate of them costs sharpness, never validity, and q may be another in every increment.
 */

export interface LatencyIncrement {
  /** Upper bounds in ms, ascending; null, the last one, has none. */
  bounds: readonly (number | null)[];
  baseline: readonly number[];
  canary: readonly number[];
}

export interface LatencyState extends LatencyIncrement {
  /** Logarithm of the odds against no difference, for each way in which the canary may be slower. */
  logOdds: readonly number[];
  pValue: number;
}

/** The canary's latencies are the baseline's, times so much. */
const FACTORS = [1.1, 1.2, 1.3, 1.5, 2, 3];
/** Where the baseline has at most `part` of its requests, the slowest, the canary has `times` that part. */
const TAILS = [
  { part: 0.1, times: 3 },
  { part: 0.01, times: 3 },
  { part: 0.001, times: 10 },
];
const BETS = [...FACTORS, ...TAILS].map((_, __, all) => ({ weight: 1 / all.length }));

export function startLatency(): LatencyState {
  return { bounds: [], baseline: [], canary: [], logOdds: BETS.map(() => 0), pValue: 1 };
}

/**
 * The most that the odds can grow by one increment. Requests of one moment are not independent: a stall of a second makes
 * all of them slow. So it takes several moments; odds that are lowered stay a supermartingale.
 */
const MOST = Math.log(10);

/** Adds what was counted since the last look. With other bounds the counts begin anew, but what was found stays. */
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

/** The p-value at this moment of several tests taken as one, such as of all services, whatever the share of each. */
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

/** By how much more of the canary's requests would be in each bucket, for each way of being slower. */
function slower({ bounds, baseline }: LatencyIncrement): number[][] {
  const parts = smoothed(baseline);
  const scaled = FACTORS.map((factor) =>
    smoothed(scaledCounts(bounds, baseline, factor)).map((part, bucket) => part / parts[bucket]!),
  );
  return [...scaled, ...TAILS.map((tail) => tailRatios(parts, tail))];
}

/** Requests that are believed to lie in all buckets together before anything was seen. */
const PRIOR = 2;

function smoothed(counts: readonly number[]): number[] {
  const all = sum(counts) + PRIOR;
  return counts.map((count) => (count + PRIOR / counts.length) / all);
}

/** Where requests would be if each took `factor` times as long; within a bucket they are spread evenly by logarithm. */
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

/** Logarithms of where buckets begin and end; the first and the last are taken to be as wide as a factor of four. */
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
