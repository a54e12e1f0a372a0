import { patched, TemporalFailure } from '@temporalio/workflow';
import type { Request } from '../domain/request';
import type { EnvironmentState } from './messages';
import { brief } from './steps';

/* The environment counts a generation for each request that takes it, so late steps have a lower one. */

/** A person waits meanwhile. If this read takes longer, the fence may refuse the request. */
const READING_TIMEOUT = '3s';

export function nextGeneration(state: EnvironmentState): number {
  return (state.generation = (state.generation ?? 0) + 1);
}

/** Reads the highest generation so far: this workflow may be new, or the fence refused the one that it counted. */
export async function learnGeneration(state: EnvironmentState, request: Request): Promise<void> {
  // Histories of an earlier version lack this step.
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
