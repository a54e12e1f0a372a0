import type { Slot } from '../release';
import type { Latency as RouterLatency, RouterCounters, SlotCounters } from '../router';

/* What a router counted, and what of it is evidence. */

export type Latency = RouterLatency;
export type Counters = SlotCounters;
export type Counted = RouterCounters;

export interface Evidence {
  /** By service; null when the router counts nothing, or could not be asked. */
  services: Record<string, Counters> | null;
  /** Why there is less evidence than the time would give: `the router restarted`. */
  gap?: string;
  /** Consecutive failed probes by what was asked, and what the last one saw. */
  probes: Record<string, { failures: number; seen: string }>;
}

/**
 * What happened in a slot since the baseline. Counters of another process, or lower ones, began anew at zero after the
 * baseline was taken: then only what came since then is evidence, and nothing is added up across it.
 */
export function evidenceSince(baseline: Counted, now: Counted, slot: Slot): Pick<Evidence, 'services' | 'gap'> {
  const isNew = baseline.process !== now.process || hasFallen(baseline.slots[slot], now.slots[slot]);
  const before = isNew ? {} : baseline.slots[slot];
  const services = Object.entries(now.slots[slot]).map(
    ([service, counters]) => [service, difference(before[service], counters)] as const,
  );
  return {
    services: Object.fromEntries(services),
    ...(isNew && { gap: 'the router began to count anew, evidence from before is not used' }),
  };
}

/**
 * Latencies are read a moment after requests. Those that ended between the two when the baseline was read are missing
 * from the latencies since then, as many as this; errors among the first few requests would look unanswered.
 */
const BETWEEN_READINGS = 5;

/**
 * Latency in ms below which a part of the requests stayed, interpolated within its bucket; Infinity when it lies among
 * those that got no answer in time; null without requests.
 */
export function quantile({ latency, requests, errors }: Counters, part: number): number | null {
  const measured = latency.reduce((sum, { count }) => sum + count, 0);
  // The router answers in place of a version that does not: such requests have no latency.
  const unanswered = Math.min(errors, Math.max(0, requests - measured - BETWEEN_READINGS));
  const wanted = part * (measured + unanswered);
  if (measured + unanswered === 0) return null;
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

/** What was counted between two readings; all of it when there is none before. */
export function difference(before: Counters | undefined, now: Counters): Counters {
  if (!before) return now;
  const earlier = new Map(before.latency.map(({ upTo, count }) => [upTo, count]));
  return {
    requests: now.requests - before.requests,
    errors: now.errors - before.errors,
    latency: now.latency.map(({ upTo, count }) => ({ upTo, count: Math.max(0, count - (earlier.get(upTo) ?? 0)) })),
  };
}

function hasFallen(before: Record<string, Counters>, now: Record<string, Counters>): boolean {
  return Object.entries(before).some(
    ([service, { requests, errors }]) =>
      (now[service]?.requests ?? 0) < requests || (now[service]?.errors ?? 0) < errors,
  );
}

/** Counters of several services, or of several times, as one. */
export function sumUp(all: Counters[]): Counters {
  const latency = new Map<number | null, number>();
  for (const { upTo, count } of all.flatMap((one) => one.latency)) latency.set(upTo, (latency.get(upTo) ?? 0) + count);
  return {
    requests: all.reduce((sum, one) => sum + one.requests, 0),
    errors: all.reduce((sum, one) => sum + one.errors, 0),
    latency: [...latency]
      .map(([upTo, count]) => ({ upTo, count }))
      .sort((a, b) => (a.upTo ?? Infinity) - (b.upTo ?? Infinity)),
  };
}

/** Each service, and (null) all together when there are several. */
export function byService(services: Record<string, Counters>): (readonly [string | null, Counters])[] {
  const all = Object.entries(services);
  return all.length > 1 ? [...all, [null, sumUp(all.map(([, one]) => one))]] : all;
}
