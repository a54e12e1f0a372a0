/** The reason of a signal that a time limit gave. */
export class TimeUp extends Error {
  constructor(readonly limitMs: number) {
    super(`no answer within ${limitMs} ms`);
    this.name = 'TimeUp';
  }
}

/**
 * Does something that ends with the signal and after the limit, and leaves nothing behind on the signal, which may live
 * for a day while thousands of calls pass.
 *
 * @param limitMs null: no limit.
 * @throws TimeUp at the limit; the signal's reason when it is aborted.
 */
export async function within<T>(
  signal: AbortSignal,
  limitMs: number | null,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  signal.throwIfAborted();
  const controller = new AbortController();
  const stop = (): void => controller.abort(signal.reason);
  signal.addEventListener('abort', stop, { once: true });
  const timer = limitMs === null ? undefined : setTimeout(() => controller.abort(new TimeUp(limitMs)), limitMs);
  try {
    // Raced as well, because not everything that is called listens to a signal.
    return await Promise.race([work(controller.signal), rejectOn(controller.signal)]);
  } catch (error) {
    throw controller.signal.aborted ? controller.signal.reason : error;
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', stop);
  }
}

function rejectOn(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
  });
}
