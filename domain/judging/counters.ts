import type { Latency, SlotCounters } from '../router';

export type Services = Record<string, SlotCounters>;

export interface Evidence {
  /** Null when the router counts nothing, or could not be asked. */
  services: Services | null;
  /** Why evidence may be missing: `the router restarted`. */
  gap?: string;
  /** Consecutive failed probes by what was asked, and what the last one saw. */
  probes: Record<string, { failures: number; seen: string }>;
}

/** Returns ms, interpolated in its bucket; Infinity among unanswered requests; null without requests. */
export function quantile(counters: SlotCounters, part: number): number | null {
  const { latency } = counters;
  const measured = measuredOf(latency);
  const { answered, unanswered } = answersOf(counters, measured);
  const place = part * (answered + unanswered);
  if (place > answered) return Infinity;
  if (measured === 0) return null;
  const wanted = Math.min(measured, place * (measured / answered));
  let below = 0;
  let from = 0;
  for (const { upTo, count } of latency) {
    if (count > 0 && below + count >= wanted) {
      return upTo === null ? Infinity : from + ((upTo - from) * Math.max(0, wanted - below)) / count;
    }
    below += count;
    from = upTo ?? from;
  }
  return Infinity;
}

// Latencies are read a moment after requests, so this many may lack theirs without being unanswered.
const BETWEEN_READINGS = 5;

/**
 * Answered requests without a latency, which was read at another moment, are taken for as fast as the others. Counters of
 * an older version of Spillway do not say which errors the version itself answered with, so this guesses.
 */
function answersOf({ requests, errors, unanswered }: SlotCounters, measured: number) {
  if (unanswered !== undefined) return { answered: Math.max(measured, requests - unanswered), unanswered };
  const without = Math.max(0, requests - measured - BETWEEN_READINGS);
  return { answered: measured, unanswered: Math.min(errors, without) };
}

function measuredOf(latency: Latency): number {
  return latency.reduce((sum, { count }) => sum + count, 0);
}

/** Unanswered requests are known of the sum only if they are known of each part. */
export function sumUp(all: SlotCounters[]): SlotCounters {
  const latency = new Map<number | null, number>();
  for (const { upTo, count } of all.flatMap((one) => one.latency)) latency.set(upTo, (latency.get(upTo) ?? 0) + count);
  const unanswered = all.flatMap((one) => one.unanswered ?? []);
  return {
    requests: all.reduce((sum, one) => sum + one.requests, 0),
    errors: all.reduce((sum, one) => sum + one.errors, 0),
    ...(unanswered.length === all.length && { unanswered: unanswered.reduce((sum, one) => sum + one, 0) }),
    latency: [...latency]
      .map(([upTo, count]) => ({ upTo, count }))
      .sort((a, b) => (a.upTo ?? Infinity) - (b.upTo ?? Infinity)),
  };
}

export function addUp(before: Services, more: Services): Services {
  const sums = Object.entries(more).map(([service, counters]) => {
    const known = before[service];
    return [service, known ? sumUp([known, counters]) : counters] as const;
  });
  return { ...before, ...Object.fromEntries(sums) };
}

export function countAt(latency: Latency, bound: number | null): number {
  return latency.find(({ upTo }) => upTo === bound)?.count ?? 0;
}

/** Null names all services together, which stand last when there are several. */
export function byService(services: Services): (readonly [string | null, SlotCounters])[] {
  const all = Object.entries(services);
  return all.length > 1 ? [...all, [null, sumUp(all.map(([, one]) => one))]] : all;
}
