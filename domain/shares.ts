import { ConfigurationFailure } from './failures';
import type { Slot } from './release';

/* Routers know only green's share of the traffic. */

/** Answers green's share from that of a slot; both are in per cent. */
export function greenShare(slot: Slot, share: number): number {
  return slot === 'green' ? share : 100 - share;
}

export function slotShare(slot: Slot, green: number): number {
  return slot === 'green' ? green : 100 - green;
}

/** Fresh copies get as many per cent as the new version, while as much is left. */
export function freshShare(share: number): number {
  return Math.min(share, 100 - share);
}

/** @throws ConfigurationFailure when a draw from 0 to 99 cannot be compared with the share. */
export function refuseBrokenShare(share: number): void {
  if (Number.isInteger(share) && share >= 0 && share <= 100) return;
  throw new ConfigurationFailure(
    `canary.steps: expected weights in whole per cent from 0 to 100, seen a share of ${share}`,
  );
}
