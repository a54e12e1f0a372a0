import { byService, quantile } from './counters';
import { otherSlot, type Slot } from '../release';
import type { RouterCounters, SlotCounters } from '../router';
import type { Pair } from './series';
import { subjectName } from './subject';

/** Returns error rates in per cent and p95 in ms by the name of the verdict. */
export function routerSamples(slots: RouterCounters['slots'], slot: Slot): Record<string, Pair> {
  const live = new Map(byService(slots[otherSlot(slot)]));
  return Object.fromEntries(
    byService(slots[slot]).flatMap(([service, own]): [string, Pair][] => {
      const other = live.get(service);
      return [
        [subjectName({ kind: 'errors', service }), [errorRate(own), errorRate(other)]],
        [subjectName({ kind: 'latency', service }), [p95(own), p95(other)]],
      ];
    }),
  );
}

function errorRate(counters: SlotCounters | undefined): number | null {
  if (!counters || counters.requests === 0) return null;
  return (100 * Math.min(counters.errors, counters.requests)) / counters.requests;
}

function p95(counters: SlotCounters | undefined): number | null {
  const found = counters && quantile(counters, 0.95);
  return found === undefined || found === Infinity ? null : found;
}
