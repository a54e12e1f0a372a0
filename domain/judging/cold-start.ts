import type { Counted, Counters } from './counters';
import type { Slot } from '../release';

/*
 * The first requests of a version that just began meet cold caches and uncompiled code, those of the live one do not. So
 * their latency is not compared; their errors are.
 */

/**
 * Services for which more than half of what came in since the last reading are such first requests.
 * @param served requests of the new version before, by service
 * @param first how many requests warm a service up
 */
export function coldServices(
  served: Record<string, number>,
  increment: Record<string, Counters> | null,
  first: number,
): string[] {
  return Object.entries(increment ?? {})
    .filter(([name, { requests }]) => (served[name] ?? 0) + requests / 2 < first)
    .map(([name]) => name);
}

/** The reading before, as if all latencies of these services had been counted by then. */
export function withoutColdLatency(before: Counted, now: Counted, cold: readonly string[]): Counted {
  if (cold.length === 0) return before;
  const of = (slot: Slot): Record<string, Counters> => {
    const services = cold.map((name) => {
      const known = before.slots[slot][name] ?? { requests: 0, errors: 0, latency: [] };
      return [name, { ...known, latency: now.slots[slot][name]?.latency ?? known.latency }] as const;
    });
    return { ...before.slots[slot], ...Object.fromEntries(services) };
  };
  return { ...before, slots: { blue: of('blue'), green: of('green') } };
}

/** Requests that the new version served, with those since the last reading; what is not known is not counted. */
export function servedWith(
  before: Record<string, number>,
  increment: Record<string, Counters> | null,
): Record<string, number> {
  const served = Object.entries(increment ?? {}).map(
    ([name, { requests }]) => [name, (before[name] ?? 0) + requests] as const,
  );
  return { ...before, ...Object.fromEntries(served) };
}
