import { byService, evidenceSince, quantile, type Counted, type Counters } from './counters';
import { otherSlot, type Slot } from '../release';
import type { Point } from './series';
import { subjectName } from './subject';

/**
 * Error rate in per cent and p95 in ms of both slots between two readings of the router, by the name of the verdict.
 * @param at ms since the step began
 */
export function routerSamples(before: Counted, now: Counted, at: number, slot: Slot): Record<string, Point> {
  const canary = new Map(sampled(before, now, slot));
  const baseline = new Map(sampled(before, now, otherSlot(slot)));
  return Object.fromEntries(
    [...canary].flatMap(([service, one]) => {
      const other = baseline.get(service);
      return [
        [subjectName({ kind: 'errors', service }), [at, errorRate(one), errorRate(other)]],
        [subjectName({ kind: 'latency', service }), [at, p95(one), p95(other)]],
      ];
    }),
  ) as Record<string, Point>;
}

/** Nothing where the router began to count anew. */
function sampled(before: Counted, now: Counted, slot: Slot): (readonly [string | null, Counters])[] {
  const { services, gap } = evidenceSince(before, now, slot);
  return gap === undefined ? byService(services ?? {}) : [];
}

function errorRate(counters: Counters | undefined): number | null {
  if (!counters || counters.requests === 0) return null;
  return (100 * Math.min(counters.errors, counters.requests)) / counters.requests;
}

function p95(counters: Counters | undefined): number | null {
  const found = counters && quantile(counters, 0.95);
  return found === undefined || found === Infinity ? null : found;
}
