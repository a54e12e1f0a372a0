import { UnreachableFailure } from '../domain/failures';
import type { Io } from '../domain/host';

/**
 * Does something that ends with the signal and after the limit, and leaves nothing behind on the signal, which may live
 * for a day while thousands of readings pass.
 *
 * @param late what to say at the limit
 * @throws UnreachableFailure at the limit; the signal's reason when it is aborted
 */
export async function within<T>(io: Io, limitMs: number, late: string, work: (io: Io) => Promise<T>): Promise<T> {
  io.signal.throwIfAborted();
  const controller = new AbortController();
  const stop = (): void => controller.abort(io.signal.reason);
  io.signal.addEventListener('abort', stop, { once: true });
  const timer = setTimeout(() => controller.abort(new UnreachableFailure(late)), limitMs);
  try {
    // Raced as well, because not everything that is called listens to a signal.
    return await Promise.race([work({ ...io, signal: controller.signal }), rejectOn(controller.signal)]);
  } catch (error) {
    throw controller.signal.aborted ? controller.signal.reason : error;
  } finally {
    clearTimeout(timer);
    io.signal.removeEventListener('abort', stop);
  }
}

function rejectOn(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
  });
}
