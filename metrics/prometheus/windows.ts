import type { Missing } from '../metric';
import type { Asking } from './api';
import type { Found } from './answer';

/** Prometheus answers at most 11,000 points of a series. */
const MOST_WINDOWS = 5_000;

/** Adds up all windows (of `length` ms) anew each time, so that late samples count. `series`: any window had one. */
export async function sumOfWindows(
  queryFor: (range: string) => string,
  { from, to }: { from: number; to: number },
  length: number,
  asking: Asking,
): Promise<{ sum: number; series: boolean; end: number } | Missing> {
  const windows = Math.floor((to - from) / length);
  // Before version 3 both ends belong to a range, so windows must lie one millisecond apart.
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
