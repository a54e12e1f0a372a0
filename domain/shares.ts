import { ConfigurationFailure } from './failures';
import type { Slot } from './release';

/* Routers know one number, green's share of the traffic; whoever speaks of a slot's share comes here. */

/** Green's share in per cent when `slot` has `share` per cent of the traffic. */
export function greenShare(slot: Slot, share: number): number {
  return slot === 'green' ? share : 100 - share;
}

/** Share of a slot in per cent when green has `green` per cent of the traffic. */
export function slotShare(slot: Slot, green: number): number {
  return slot === 'green' ? green : 100 - green;
}

/** Share of the fresh copies of a live version in per cent: that of the new version, while as much is left. */
export function freshShare(share: number): number {
  return Math.min(share, 100 - share);
}

/** @throws ConfigurationFailure when a share is not what a draw from 0 to 99 can be compared with. */
export function refuseBrokenShare(share: number): void {
  if (Number.isInteger(share) && share >= 0 && share <= 100) return;
  throw new ConfigurationFailure(
    `canary.steps: expected weights in whole per cent from 0 to 100, seen a share of ${share}`,
  );
}
