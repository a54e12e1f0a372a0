import { Context } from '@temporalio/activity';

/**
 * A clock that says how many ms have passed since a moment of the server's time, over all attempts of this activity.
 * The worker's own clock may be wrong, so only its differences count.
 * @param since ms since the epoch by the server; absent: when the activity was first scheduled
 */
export function serverClock(since?: number): () => number {
  const { currentAttemptScheduledTimestampMs, scheduledTimestampMs } = Context.current().info;
  const already = Math.max(0, currentAttemptScheduledTimestampMs - (since ?? scheduledTimestampMs));
  const begun = performance.now();
  return () => already + performance.now() - begun;
}
