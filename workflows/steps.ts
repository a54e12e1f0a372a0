import { ActivityCancellationType, proxyActivities } from '@temporalio/workflow';
import type { ActivityOptions } from '@temporalio/workflow';
import type { Activities } from '../activities/steps';
import { NON_RETRYABLE } from '../domain/failures';

/** A worker that is silent for so long counts as dead, and another one takes its step over. */
export const HEARTBEAT_TIMEOUT_MS = 3_000;

// A programming error in a step does not go away by trying again.
const PROGRAMMING_ERRORS = ['TypeError', 'ReferenceError', 'RangeError', 'SyntaxError'];

/** Steps wait until a cancelled try has really ended, so that no undo runs beside its own step. */
function options(
  scheduleToCloseTimeout: ActivityOptions['scheduleToCloseTimeout'],
  maximumAttempts = Infinity,
): ActivityOptions {
  return {
    scheduleToCloseTimeout,
    startToCloseTimeout: scheduleToCloseTimeout,
    heartbeatTimeout: HEARTBEAT_TIMEOUT_MS,
    cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
    retry: {
      initialInterval: 300,
      backoffCoefficient: 1.6,
      maximumInterval: 5_000,
      maximumAttempts,
      nonRetryableErrorTypes: [...NON_RETRYABLE, ...PROGRAMMING_ERRORS],
    },
  };
}

/** These take moments, but what they need may be restarting. */
export const quick = proxyActivities<Activities>(options('2m'));
/** A command waits for these, at most a minute. What does not answer after a few tries is told in place of an answer. */
export const asked = proxyActivities<Activities>(options('45s', 3));
/** Nothing depends on these, so nobody should wait for them. */
export const brief = proxyActivities<Activities>(options('10s'));
export const slow = proxyActivities<Activities>(options('15m'));
export const heavy = proxyActivities<Activities>(options('2h'));
/** Undos try longer than steps, since a person must come when one gives up. */
export const undoing = proxyActivities<Activities>(options('30m'));
/** These last as long as people and soaks do. */
export const patient = proxyActivities<Activities>(options('30d'));
