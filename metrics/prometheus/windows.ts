import type { Missing } from '../metric';
import type { Asking } from './api';
import type { Found } from './answer';

/** A server answers at most 11,000 points of a series. */
const MOST_WINDOWS = 5_000;

/**
 * Adds up what a query counts in windows that follow each other without overlap, from a moment on. All are asked again each
 * time, so that what arrives late is counted, and nothing twice.
 * @param queryFor the query with this range in place of {{window}}
 * @param length of a window, ms
 * @returns the sum, and when the last whole window ended; `series` is false when no window had any
 */
export async function sumOfWindows(
  queryFor: (range: string) => string,
  { from, to }: { from: number; to: number },
  length: number,
  asking: Asking,
): Promise<{ sum: number; series: boolean; end: number } | Missing> {
  const windows = Math.floor((to - from) / length);
  // Both ends of a range belong to it in versions before 3, so one millisecond less lies between two of them.
  const query = queryFor(`${length - 1}ms`);
  let sum = 0;
  let series = false;
  for (let done = 0; done < windows; done += MOST_WINDOWS) {
    const last = Math.min(windows, done + MOST_WINDOWS);
    const found = await asking.range(query, from + (done + 1) * length, from + last * length, length);
    if ('missing' in found) return found;
    series ||= found.some(({ points }) => points.size > 0);
    sum += total(found);
  }
  return { sum, series, end: from + windows * length };
}

function total(found: Found[]): number {
  return found.flatMap(({ points }) => [...points.values()]).reduce((sum, value) => sum + value, 0);
}
