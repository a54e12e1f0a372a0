import { buildActivities } from './build';
import { deployActivities } from './deploy';
import { ledgerActivities } from './ledger';
import type { Parts } from './parts';
import { preflightActivities } from './preflight';
import { reconcileActivities } from './reconcile';
import { retireActivities } from './retire';
import { smokeActivities } from './smoke';
import type { Activities } from './steps';

/** Everything that a worker can do for workflows, on these parts of the world. */
export function createActivities(parts: Parts): Activities {
  return {
    ...preflightActivities(parts),
    ...buildActivities(parts),
    ...deployActivities(parts),
    ...smokeActivities(parts),
    ...retireActivities(parts),
    ...ledgerActivities(parts),
    ...reconcileActivities(parts),
  } as Activities;
}
