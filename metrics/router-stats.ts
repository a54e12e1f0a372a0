import { evidenceSince, type Evidence } from '../domain/canary';
import { RouterFailure, UnreachableFailure } from '../domain/failures';
import type { Io } from '../domain/host';
import type { Scope, Slot } from '../domain/release';
import type { Router, RouterCounters } from '../routers/router';

/**
 * What the router counted in a slot since the baseline; no services when it counts nothing or does not answer now,
 * because missing data is never a pass.
 */
export async function routerEvidence(
  router: Pick<Router, 'counters'>,
  baseline: RouterCounters | null,
  scope: Scope,
  slot: Slot,
  io: Io,
): Promise<Pick<Evidence, 'services' | 'gap'>> {
  if (!baseline) return { services: null };
  try {
    return evidenceSince(baseline, await router.counters(scope, io), slot);
  } catch (error) {
    if (!(error instanceof UnreachableFailure || error instanceof RouterFailure)) throw error;
    return { services: null, gap: `the router did not answer: ${error.message}` };
  }
}
