import { evidenceSince, type Counted, type Evidence } from '../domain/judging/counters';
import { RouterFailure, UnreachableFailure } from '../domain/failures';
import type { Slot } from '../domain/release';

/** What the router counted in a slot, and all that it counts now; null when nothing is known. */
export interface RouterEvidence extends Pick<Evidence, 'services' | 'gap'> {
  counters: Counted | null;
}

/**
 * What the router counted in a slot since the baseline; no services when it counts nothing or does not answer now,
 * because missing data is never a pass.
 */
export async function routerEvidence(
  count: () => Promise<Counted>,
  baseline: Counted | null,
  slot: Slot,
): Promise<RouterEvidence> {
  if (!baseline) return { services: null, counters: null };
  try {
    const counters = await count();
    return { ...evidenceSince(baseline, counters, slot), counters };
  } catch (error) {
    if (!(error instanceof UnreachableFailure || error instanceof RouterFailure)) throw error;
    return { services: null, counters: null, gap: `the router did not answer: ${error.message}` };
  }
}
