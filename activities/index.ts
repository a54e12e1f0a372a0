import { adoptActivities } from './adopt';
import { backupActivities } from './backup/backup';
import { baselineActivities } from './baseline';
import { buildActivities } from './build';
import { canaryActivities } from './canary/soak';
import { deployActivities } from './deploy';
import { drainActivities } from './drain';
import { fenceActivities } from './fence';
import { guardActivities } from './guard';
import { ledgerActivities } from './ledger';
import { liveActivities } from './live';
import { migrateActivities } from './migrate';
import { recordActivities } from './migration-records';
import type { Parts } from './parts';
import { preflightActivities } from './preflight/preflight';
import { reconcileActivities } from './reconcile';
import { removalActivities } from './removal/removal';
import { retireActivities } from './retire';
import { smokeActivities } from './smoke';
import type { Activities } from './steps';
import { trafficActivities } from './traffic';

export function createActivities(parts: Parts): Activities {
  return {
    ...preflightActivities(parts),
    ...buildActivities(parts),
    ...backupActivities(parts),
    ...migrateActivities(parts),
    ...recordActivities(parts),
    ...deployActivities(parts),
    ...baselineActivities(parts),
    ...smokeActivities(parts),
    ...canaryActivities(parts),
    ...trafficActivities(parts),
    ...drainActivities(parts),
    ...retireActivities(parts),
    ...fenceActivities(parts),
    ...ledgerActivities(parts),
    ...reconcileActivities(parts),
    ...liveActivities(parts),
    ...guardActivities(),
    ...adoptActivities(parts),
    ...removalActivities(parts),
  };
}
