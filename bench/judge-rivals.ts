import { quantile } from '../domain/judging/counters';
import type { SlotCounters } from '../domain/router';
import { differenceAt } from '../domain/judging/statistics/differences';
import { normalTail } from '../domain/judging/statistics/normal';
import { rankSum } from '../domain/judging/statistics/rank-sum';
import type { Look } from '../tests/support/canary-traffic';

/*
 * How others judge a canary. Each rival sees a canary and says at every sample how much it speaks against it; the limit
 * for that is set so that of the canaries that are as good as the baseline 1 % are failed. Of the settings that their
 * users have, the best is taken.
 */

/** How much speaks against a canary after each sample; the first time it exceeds the limit the canary fails. */
export type Path = Float64Array;

export interface Rival {
  name: string;
  path(looks: readonly Look[], measure: Measure): Path;
}

/** What is watched, of the requests of one or more samples. */
export type Measure = (counters: readonly SlotCounters[]) => number;

export const errorRate: Measure = (counters) => {
  const requests = total(counters, 'requests');
  return requests === 0 ? 0 : total(counters, 'errors') / requests;
};

export const p95: Measure = (counters) => {
  const latency = counters[0]!.latency.map(({ upTo }, bucket) => ({
    upTo,
    count: counters.reduce((sum, one) => sum + one.latency[bucket]!.count, 0),
  }));
  return quantile({ latency, requests: total(counters, 'requests'), errors: 0 }, 0.95) ?? 0;
};

/**
 * A limit on the canary's value of the last minutes, as Flagger (each minute, 1 min) and Argo Rollouts (5 min) have it in
 * their documentation; the canary fails when the limit was exceeded so many times, in all or in a row.
 */
export function thresholds(looksAMinute: number): Rival[] {
  return [1, 5].flatMap((minutes) => {
    const window = minutes * looksAMinute;
    return [...new Set([window, 1])].flatMap((every) =>
      FAILURES.map(({ times, way }) => ({
        name: `over ${minutes} min, looked at every ${(every * 60) / looksAMinute} s, ${times} times ${way}`,
        path: (looks: readonly Look[], measure: Measure) => exceeded(looks, window, every, times, way, measure),
      })),
    );
  });
}

const FAILURES = [
  { times: 1, way: 'in all' },
  { times: 2, way: 'in all' },
  { times: 3, way: 'in all' },
  { times: 5, way: 'in all' },
  { times: 2, way: 'in a row' },
  { times: 3, way: 'in a row' },
  { times: 5, way: 'in a row' },
] as const;

function exceeded(
  looks: readonly Look[],
  window: number,
  every: number,
  failures: number,
  way: 'in all' | 'in a row',
  measure: Measure,
): Path {
  const path = new Float64Array(looks.length).fill(-Infinity);
  let values: number[] = [];
  for (let look = 0; look < looks.length; look++) {
    if (look > 0) path[look] = path[look - 1]!;
    if (look + 1 < window || (look + 1) % every !== 0) continue;
    values.push(measure(looks.slice(look + 1 - window, look + 1).map(({ canary }) => canary)));
    // The limit that all of the worst `failures` exceed.
    values = way === 'in a row' ? values.slice(-failures) : values.sort((a, b) => b - a).slice(0, failures);
    if (values.length === failures) path[look] = Math.max(path[look]!, Math.min(...values));
  }
  return path;
}

/**
 * The test of Mann and Whitney on values of each minute with Kayenta's tolerance, on all since the canary began; looked at
 * again and again.
 */
export function kayentaStyles(looksAMinute: number): Rival[] {
  return [1, 5, 10].map((minutes) => ({
    name: `analysed every ${minutes} min`,
    path: (looks, measure) => ranked(looks, looksAMinute, minutes * looksAMinute, measure),
  }));
}

/** Fewer values can show nothing. */
const FEWEST = 5;
const TOLERANCE = 0.25;

function ranked(looks: readonly Look[], minute: number, every: number, measure: Measure): Path {
  const path = new Float64Array(looks.length).fill(-Infinity);
  const [canary, baseline]: number[][] = [[], []];
  for (let look = 0; look < looks.length; look++) {
    if (look > 0) path[look] = path[look - 1]!;
    if ((look + 1) % minute === 0) {
      const last = looks.slice(look + 1 - minute, look + 1);
      canary!.push(measure(last.map((one) => one.canary)));
      baseline!.push(measure(last.map((one) => one.baseline)));
    }
    if ((look + 1) % every !== 0 || canary!.length < FEWEST) continue;
    path[look] = Math.max(path[look]!, loudness(canary!, baseline!));
  }
  return path;
}

/**
 * The smaller the greatest p-value at which Kayenta would call the canary high, the louder: its interval must lie above a
 * part of the estimated shift, which is to say that the canary's values are higher even when so much is taken from them.
 */
function loudness(canary: number[], baseline: number[]): number {
  const [xs, ys] = [Float64Array.from(canary).sort(), Float64Array.from(baseline).sort()];
  const estimate = differenceAt(xs, ys, Math.ceil((xs.length * ys.length) / 2));
  const lowered = xs.map((x) => x - TOLERANCE * Math.abs(estimate));
  const { u, pairs, deviation } = rankSum(lowered, ys);
  return deviation > 0 ? -Math.log(normalTail((u - pairs / 2 - 0.5) / deviation)) : -Infinity;
}

/** Samples until it fails; Infinity if it does not. */
export function failsAfter(path: Path, limit: number): number {
  const look = path.findIndex((value) => value > limit);
  return look < 0 ? Infinity : look + 1;
}

function total(counters: readonly SlotCounters[], key: 'requests' | 'errors'): number {
  return counters.reduce((sum, one) => sum + one[key], 0);
}
