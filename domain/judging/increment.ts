import { addUp, countAt, type Services } from './counters';
import { SLOTS, type Slot } from '../release';
import type { RouterCounters, SlotCounters } from '../router';

// Each sample takes one difference for all that judges, so a sample lost in a crash only makes the next one larger.

export type RouterIncrement = { slots: Record<Slot, Services> } | { gap: string };

/** Uses nothing after a restart of the router, or when any counter fell, since nobody knows what was counted. */
export function incrementBetween(before: RouterCounters, now: RouterCounters): RouterIncrement {
  if (before.process !== now.process) return { gap: 'the router began to count anew' };
  if (SLOTS.some((slot) => hasFallen(before.slots[slot], now.slots[slot])))
    return { gap: 'counters of the router fell' };
  const grown = (slot: Slot): Services =>
    Object.fromEntries(
      Object.entries(now.slots[slot]).map(
        ([service, counters]) => [service, difference(before.slots[slot][service], counters)] as const,
      ),
    );
  return { slots: { blue: grown('blue'), green: grown('green') } };
}

export interface Tally {
  slots: Record<Slot, Services>;
  gap?: string;
}

export function startTally(): Tally {
  return { slots: { blue: {}, green: {} } };
}

export function tallied(before: Tally, increment: RouterIncrement): Tally {
  if ('gap' in increment) return { ...startTally(), gap: `${increment.gap}, evidence from before is not used` };
  const { slots } = increment;
  return {
    ...before,
    slots: { blue: addUp(before.slots.blue, slots.blue), green: addUp(before.slots.green, slots.green) },
  };
}

function difference(before: SlotCounters | undefined, now: SlotCounters): SlotCounters {
  if (!before) return now;
  const unanswered = unansweredSince(before, now);
  return {
    requests: now.requests - before.requests,
    errors: now.errors - before.errors,
    ...(unanswered !== undefined && { unanswered }),
    latency: now.latency.map(({ upTo, count }) => ({ upTo, count: count - countAt(before.latency, upTo) })),
  };
}

function unansweredSince(before: SlotCounters, now: SlotCounters): number | undefined {
  if (before.unanswered === undefined || now.unanswered === undefined) return undefined;
  return now.unanswered - before.unanswered;
}

function hasFallen(before: Services, now: Services): boolean {
  return Object.entries(before).some(([service, { requests, errors, unanswered = 0, latency }]) => {
    const after = now[service];
    return (
      !after ||
      after.requests < requests ||
      after.errors < errors ||
      (after.unanswered ?? Infinity) < unanswered ||
      latency.some(({ upTo, count }) => countAt(after.latency, upTo) < count)
    );
  });
}
