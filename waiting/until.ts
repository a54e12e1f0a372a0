import { setTimeout as sleep } from 'node:timers/promises';

/** How long and how often to look. */
export interface Patience {
  /** It ends the waiting at once; null: only the time or the looks end it. */
  signal: AbortSignal | null;
  /** Milliseconds between two looks, or how many after so many of them. */
  pause: number | ((looks: number) => number);
  /** Milliseconds after which no further look is taken; absent: as long as it takes. */
  limit?: number;
  /** Most looks. */
  looks?: number;
  /** Tells the milliseconds that `limit` is compared with; absent: how long the waiting has lasted in this process. */
  clock?: () => number;
}

/**
 * Looks until there is an answer: at least once, and once more when the time is just over.
 *
 * @param look undefined: not yet
 * @returns undefined when the time or the looks are used up
 * @throws an AbortError when the signal is aborted, and what `look` throws
 */
export async function until<T>(
  { signal, pause, limit = Infinity, looks = Infinity, clock = stopwatch() }: Patience,
  look: () => Promise<T | undefined>,
): Promise<T | undefined> {
  for (let taken = 1; ; taken += 1) {
    const found = await look();
    if (found !== undefined) return found;
    const left = limit - clock();
    if (left <= 0 || taken >= looks) return undefined;
    const wanted = typeof pause === 'number' ? pause : pause(taken);
    await sleep(Math.max(1, Math.min(wanted, left)), undefined, signal ? { signal } : {});
  }
}

function stopwatch(): () => number {
  const began = performance.now();
  return () => performance.now() - began;
}
