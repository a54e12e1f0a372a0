import type { Latency, SlotCounters } from '../router';

/** Counters of one slot, by service. */
export type Services = Record<string, SlotCounters>;

export interface Evidence {
  /** By service; null when the router counts nothing, or could not be asked. */
  services: Services | null;
  /** Why there is less evidence than the time would give: `the router restarted`. */
  gap?: string;
  /** Consecutive failed probes by what was asked, and what the last one saw. */
  probes: Record<string, { failures: number; seen: string }>;
}

/**
 * Latencies are read a moment after requests, so as many as this that ended in between at the beginning of the step have no
 * latency. They must not look unanswered.
 */
const BETWEEN_READINGS = 5;

/**
 * Latency in ms below which a part of the requests stayed, interpolated within its bucket; Infinity when it lies among
 * those that got no answer in time; null without requests.
 */
export function quantile({ latency, requests, errors }: SlotCounters, part: number): number | null {
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

/** Counters of several services, or of several times, as one. */
export function sumUp(all: SlotCounters[]): SlotCounters {
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

/** Adds counters service by service. */
export function addUp(before: Services, more: Services): Services {
  const sums = Object.entries(more).map(([service, counters]) => {
    const known = before[service];
    return [service, known ? sumUp([known, counters]) : counters] as const;
  });
  return { ...before, ...Object.fromEntries(sums) };
}

/** Requests in the bucket with this bound. */
export function countAt(latency: Latency, bound: number | null): number {
  return latency.find(({ upTo }) => upTo === bound)?.count ?? 0;
}

/** Each service, and (null) all together when there are several. */
export function byService(services: Services): (readonly [string | null, SlotCounters])[] {
  const all = Object.entries(services);
  return all.length > 1 ? [...all, [null, sumUp(all.map(([, one]) => one))]] : all;
}
