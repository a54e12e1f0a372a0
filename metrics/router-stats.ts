import { evidenceSince, type Evidence } from '../domain/canary';
import { RouterFailure, UnreachableFailure } from '../domain/failures';
import type { Io } from '../domain/host';
import type { Scope, Slot } from '../domain/release';
import type { Router, RouterCounters } from '../routers/router';

/** What the router counted in a slot, and all that it counts now; null when nothing is known. */
export interface RouterEvidence extends Pick<Evidence, 'services' | 'gap'> {
  counters: RouterCounters | null;
}

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
): Promise<RouterEvidence> {
  if (!baseline) return { services: null, counters: null };
  try {
    const counters = await router.counters(scope, io);
    return { ...evidenceSince(baseline, counters, slot), counters };
  } catch (error) {
    if (!(error instanceof UnreachableFailure || error instanceof RouterFailure)) throw error;
    return { services: null, counters: null, gap: `the router did not answer: ${error.message}` };
  }
}
