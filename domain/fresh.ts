import type { AppConfig } from './config';
import { otherSlot, type Group, type Slot } from './release';
import type { RouterCounters, SlotCounters } from './router';

/*
 * A new version is compared with the live slot, or with fresh copies of it, which began when the new one did and get as
 * much traffic, so that warm caches and a longer life make no difference. On disk, in labels, in the configuration and in
 * names that Temporal keeps, the group of these copies is called `baseline`.
 */

/** Whether the release makes fresh copies: without a live version or steps there is nothing to compare. */
export function makesFresh({ canary }: Pick<AppConfig, 'canary'>, isFirst: boolean): boolean {
  // What was asked of an older version says nothing of it.
  return canary.baseline === 'fresh' && canary.steps.length > 0 && !isFirst;
}

/** The group with which a version in `slot` that has `share` per cent of the traffic is compared. */
export function groupBeside({ canary }: Pick<AppConfig, 'canary'>, slot: Slot, share: number): Group {
  return canary.baseline === 'fresh' && share > 0 && share < 100 ? 'baseline' : otherSlot(slot);
}

/** Services that users reach through the router: of the others it counts nothing, so there is nothing to compare. */
export function comparedServices({ services }: Pick<AppConfig, 'services'>): string[] {
  return Object.keys(services).filter((name) => services[name]!.routes.length > 0);
}

/**
 * Counters in which those of the fresh copies stand in place of the live slot's, by service: so whoever compares the slots
 * compares with them. A service that has no copies has none: nothing is ever compared with the live slot instead.
 */
export function comparedWithFresh(counters: RouterCounters, slot: Slot): RouterCounters {
  const { process, slots, baseline: fresh = {} } = counters;
  const live = otherSlot(slot);
  const services = Object.keys(slots[live]).map((name) => [name, fresh[name] ?? NOTHING] as const);
  return { process, slots: { ...slots, [live]: Object.fromEntries(services) } };
}

const NOTHING: SlotCounters = { requests: 0, errors: 0, latency: [] };

/** Counters of these services only; the same object when there are no others, as a thousand soaks may ask at once. */
export function countersOf(counted: RouterCounters, services: string[]): RouterCounters {
  const { process, slots } = counted;
  if (Object.values(slots).every((slot) => Object.keys(slot).every((name) => services.includes(name)))) return counted;
  const of = (slot: Slot): RouterCounters['slots'][Slot] =>
    Object.fromEntries(Object.entries(slots[slot]).filter(([name]) => services.includes(name)));
  return { process, slots: { blue: of('blue'), green: of('green') } };
}
