import { patched, TemporalFailure } from '@temporalio/workflow';
import type { Request } from '../domain/request';
import type { EnvironmentState } from './messages';
import { brief } from './steps';

/* What takes an environment does so with a generation, which its workflow counts: late steps have a lower one. */

/** Somebody waits for an answer meanwhile. What takes the environment is refused if this could not be read in time. */
const READING_TIMEOUT = '3s';

/** The generation of what is about to take the environment. */
export function nextGeneration(state: EnvironmentState): number {
  return (state.generation = (state.generation ?? 0) + 1);
}

/**
 * Learns which generation is the highest so far, where this workflow may not know: it has just begun, or what is kept
 * refused what it counted.
 */
export async function learnGeneration(state: EnvironmentState, request: Request): Promise<void> {
  // Histories of an earlier version do not have this step.
  if (!patched('fence-generation')) return;
  const { app, environment, config } = request;
  try {
    const known = await brief.readGeneration.executeWithOptions(
      { summary: 'read the generation of the fence', scheduleToCloseTimeout: READING_TIMEOUT },
      [{ scope: { app, environment }, config }],
    );
    state.generation = Math.max(state.generation ?? 0, known);
  } catch (error) {
    if (!(error instanceof TemporalFailure)) throw error;
  }
}
