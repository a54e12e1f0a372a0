import { difference, type Counted, type Counters, type Latency } from '../counters';
import { SLOTS, otherSlot, type Slot } from '../../release';
import type { Increment } from '../statistics/sequential';
import type { LatencyIncrement } from '../statistics/sequential-latency';

/** What a router counted for one service between two samples. */
export interface ServiceIncrement {
  errors: Increment;
  latency: LatencyIncrement;
}

/** Increments by service; or, when two samples cannot be compared, why. */
export type Between = { services: Record<string, ServiceIncrement> } | { gap: string };

/** What was counted between two samples, for the new version in `slot` against the live one in the other. */
export function between(before: Counted, now: Counted, slot: Slot): Between {
  if (before.process !== now.process) return { gap: 'the router began to count anew' };
  if (SLOTS.some((one) => hasFallen(before.slots[one], now.slots[one]))) return { gap: 'counters of the router fell' };
  const live = otherSlot(slot);
  const names = Object.keys(now.slots[slot]).filter((name) => now.slots[live][name]);
  const increments = names.map((name) => {
    const canary = difference(before.slots[slot][name], now.slots[slot][name]!);
    const baseline = difference(before.slots[live][name], now.slots[live][name]!);
    return [name, incrementOf(baseline, canary)] as const;
  });
  return { services: Object.fromEntries(increments) };
}

function incrementOf(baseline: Counters, canary: Counters): ServiceIncrement {
  const bounds = canary.latency.map(({ upTo }) => upTo);
  return {
    errors: { baseline: countOf(baseline), canary: countOf(canary) },
    latency: { bounds, baseline: countsBy(bounds, baseline.latency), canary: countsBy(bounds, canary.latency) },
  };
}

// An answer that broke off is an error of a request that may have been counted one sample earlier.
function countOf({ requests, errors }: Counters): Increment['canary'] {
  return { bad: errors, total: Math.max(requests, errors) };
}

function hasFallen(before: Record<string, Counters>, now: Record<string, Counters>): boolean {
  return Object.entries(before).some(([service, { requests, errors, latency }]) => {
    const after = now[service];
    return (
      !after ||
      after.requests < requests ||
      after.errors < errors ||
      latency.some(({ upTo, count }) => countAt(after.latency, upTo) < count)
    );
  });
}

function countsBy(bounds: readonly (number | null)[], latency: Latency): number[] {
  return bounds.map((upTo) => countAt(latency, upTo));
}

function countAt(latency: Latency, bound: number | null): number {
  return latency.find(({ upTo }) => upTo === bound)?.count ?? 0;
}
