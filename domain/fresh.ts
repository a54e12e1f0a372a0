import type { AppConfig } from './config';
import { otherSlot, type Group, type Slot } from './release';
import type { RouterCounters, SlotCounters } from './router';

/*
 * Fresh copies of the live slot are called `baseline` on disk and in labels. They start with the new version, so that
 * warm caches make no difference.
 */

/** Without a live version or steps there is nothing to compare. */
export function makesFresh({ canary }: Pick<AppConfig, 'canary'>, isFirst: boolean): boolean {
  // Requests to an older version have no `baseline`, which means no copies.
  return canary.baseline === 'fresh' && canary.steps.length > 0 && !isFirst;
}

export function groupBeside({ canary }: Pick<AppConfig, 'canary'>, slot: Slot, share: number): Group {
  return canary.baseline === 'fresh' && share > 0 && share < 100 ? 'baseline' : otherSlot(slot);
}

/** The router counts only services that users reach through it. */
export function comparedServices({ services }: Pick<AppConfig, 'services'>): string[] {
  return Object.keys(services).filter((name) => services[name]!.routes.length > 0);
}

/** A service without fresh copies counts nothing, since it is never compared with the live slot. */
export function comparedWithFresh(counters: RouterCounters, slot: Slot): RouterCounters {
  const { process, slots, baseline: fresh = {} } = counters;
  const live = otherSlot(slot);
  const services = Object.keys(slots[live]).map((name) => [name, fresh[name] ?? NOTHING] as const);
  return { process, slots: { ...slots, [live]: Object.fromEntries(services) } };
}

const NOTHING: SlotCounters = { requests: 0, errors: 0, unanswered: 0, latency: [] };

/** Answers the same object when nothing is left out, since a thousand soaks may ask at once. */
export function countersOf(counted: RouterCounters, services: string[]): RouterCounters {
  const { process, slots } = counted;
  if (Object.values(slots).every((slot) => Object.keys(slot).every((name) => services.includes(name)))) return counted;
  const of = (slot: Slot): RouterCounters['slots'][Slot] =>
    Object.fromEntries(Object.entries(slots[slot]).filter(([name]) => services.includes(name)));
  return { process, slots: { blue: of('blue'), green: of('green') } };
}
