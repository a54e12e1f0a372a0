import { Context } from '@temporalio/activity';

/**
 * Counts ms since a time of the server: the worker's own clock may be wrong, so only its differences count.
 * @param since ms since the epoch; when absent, the time at which this activity was first scheduled
 */
export function serverClock(since?: number): () => number {
  const { currentAttemptScheduledTimestampMs, scheduledTimestampMs } = Context.current().info;
  const already = Math.max(0, currentAttemptScheduledTimestampMs - (since ?? scheduledTimestampMs));
  const begun = performance.now();
  return () => already + performance.now() - begun;
}
