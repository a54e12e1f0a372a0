import { sharedPart } from './shared-parts';
import { startTemporalServer } from './temporal';
import type { TemporalServer } from './temporal';

/** A server to use; `stop()` gives it back. */
export type UsedTemporal = Pick<TemporalServer, 'address' | 'port' | 'stop' | 'ui'>;

/**
 * The Temporal server that all test files of a run share: apps and task queues with names of their own keep them apart.
 * Whoever ends its server, or looks at all that it has, starts one.
 */
export async function sharedTemporal(): Promise<UsedTemporal> {
  const server = await sharedPart<Pick<TemporalServer, 'address' | 'port'>>('temporal');
  return server ? { ...server, stop: async () => undefined } : startTemporalServer();
}
