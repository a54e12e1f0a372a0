import { ConfigurationFailure } from '../domain/failures';

/** @throws ConfigurationFailure when a share is not what a draw from 0 to 99 can be compared with. */
export function refuseBrokenShare(share: number): void {
  if (Number.isInteger(share) && share >= 0 && share <= 100) return;
  throw new ConfigurationFailure(
    `canary.steps: expected weights in whole per cent from 0 to 100, seen a share of ${share}`,
  );
}
