import type { Services } from './counters';
import type { RouterCounters } from '../router';

/** The first requests meet cold caches, so the latency of these services must not be compared yet. */
export function coldServices(served: Record<string, number>, increment: Services, first: number): string[] {
  return Object.entries(increment)
    .filter(([name, { requests }]) => (served[name] ?? 0) + requests / 2 < first)
    .map(([name]) => name);
}

export function withoutLatency(slots: RouterCounters['slots'], cold: readonly string[]): RouterCounters['slots'] {
  if (cold.length === 0) return slots;
  const of = (services: Services): Services =>
    Object.fromEntries(
      Object.entries(services).map(([name, one]) => {
        const latency = cold.includes(name) ? one.latency.map(({ upTo }) => ({ upTo, count: 0 })) : one.latency;
        return [name, { ...one, latency }] as const;
      }),
    );
  return { blue: of(slots.blue), green: of(slots.green) };
}

export function servedWith(before: Record<string, number>, increment: Services): Record<string, number> {
  const served = Object.entries(increment).map(
    ([name, { requests }]) => [name, (before[name] ?? 0) + requests] as const,
  );
  return { ...before, ...Object.fromEntries(served) };
}
