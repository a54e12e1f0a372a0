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

// Latencies are read a moment after requests, so this many may lack theirs without being unanswered.
const BETWEEN_READINGS = 5;

/** Returns ms, interpolated in its bucket; Infinity among unanswered requests; null without requests. */
export function quantile({ latency, requests, errors }: SlotCounters, part: number): number | null {
  const measured = latency.reduce((sum, { count }) => sum + count, 0);
  // The router itself answers for a version that does not, and such requests have no latency.
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
