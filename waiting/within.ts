import { setMaxListeners } from 'node:events';
import { UnreachableFailure } from '../domain/failures';
import { formatDuration } from '../domain/units';

/** The reason of a signal that a time limit gave. */
export class TimeUp extends Error {
  constructor(readonly limitMs: number) {
    super(`no answer within ${formatDuration(limitMs)}`);
    this.name = 'TimeUp';
  }
}

interface Bounds {
  /** It ends the waiting at once; null: only the limit ends it. */
  signal: AbortSignal | null;
  /** Milliseconds; null: no limit. */
  limit: number | null;
  /** What an `UnreachableFailure` says at the limit; absent: it is a `TimeUp`, for the caller to put into words. */
  late?: string;
}

/**
 * Does something that ends with the signal and after the limit, and leaves nothing behind on the signal, which may live
 * for a day while thousands of calls pass.
 *
 * @throws TimeUp or UnreachableFailure at the limit; the signal's reason when it is aborted.
 */
export async function within<T>(
  { signal, limit, late }: Bounds,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  signal?.throwIfAborted();
  const controller = new AbortController();
  // Many calls at once may listen to it, and each goes away again.
  setMaxListeners(0, controller.signal);
  const stop = (): void => controller.abort(signal?.reason);
  signal?.addEventListener('abort', stop, { once: true });
  const timer = limit === null ? undefined : setTimeout(() => controller.abort(lateness(limit, late)), limit);
  try {
    // Raced as well, because not everything that is called listens to a signal.
    return await Promise.race([work(controller.signal), rejectOn(controller.signal)]);
  } catch (error) {
    throw controller.signal.aborted ? controller.signal.reason : error;
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener('abort', stop);
  }
}

function lateness(limit: number, late: string | undefined): Error {
  return late === undefined ? new TimeUp(limit) : new UnreachableFailure(late);
}

function rejectOn(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
  });
}
