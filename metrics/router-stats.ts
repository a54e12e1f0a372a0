import { RouterFailure, UnreachableFailure } from '../domain/failures';
import type { RouterCounters } from '../domain/router';

/** Asks a router for its counters; `gap` says why it could not be asked. */
export async function readRouter(
  count: () => Promise<RouterCounters>,
): Promise<{ counters: RouterCounters | null; gap?: string }> {
  try {
    return { counters: await count() };
  } catch (error) {
    if (!(error instanceof UnreachableFailure || error instanceof RouterFailure)) throw error;
    return { counters: null, gap: `the router did not answer: ${error.message}` };
  }
}
