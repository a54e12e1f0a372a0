import type { CountReading, Missing } from './metric';
import type { Found, Points } from './prometheus-answer';

/**
 * Events that counters counted between their first and their last points. Each series is followed by itself, so one that
 * is away for a while goes on where it was; one that appears while others are there began at zero. A step in which one
 * falls is left out: its process began anew, and what it counted before that is not known. Bad events are looked at only
 * when all events are known, since `or vector(0)` answers zero for a process that does not answer, too.
 */
export function eventsBetween(bad: Found[], total: Found[]): CountReading | Missing {
  const known = new Set(total.flatMap(({ points }) => [...points.keys()]));
  const began = Math.min(...known);
  const paired = bad.map(({ points }) => new Map([...points].filter(([time]) => known.has(time))));
  const counted = paired.map((points) => increase(points, began));
  const all = total.map(({ points }) => increase(points, began));
  const falls = [...counted, ...all].reduce((sum, one) => sum + one.falls, 0);
  const reading = countsOf(sum(counted), sum(all));
  if ('missing' in reading || falls === 0) return reading;
  return { ...reading, gap: `a counter fell ${falls === 1 ? 'once' : `${falls} times`}, what it lost is not known` };
}

/** Whole counts, since `increase` of Prometheus estimates what it did not see; or what is wrong with them. */
export function countsOf(bad: number, total: number): CountReading | Missing {
  const counts = { bad: Math.round(bad), total: Math.round(total) };
  if (counts.bad >= 0 && counts.bad <= counts.total) return counts;
  return {
    missing: `expected \`bad\` to be some of \`total\`, seen ${counts.bad} of ${counts.total}: correct the queries`,
    fault: true,
  };
}

/** How much a counter rose, of what the points show. */
function increase(points: Points, began: number): { rise: number; falls: number } {
  const times = [...points.keys()].sort((a, b) => a - b);
  let before = times[0] !== undefined && times[0] > began ? 0 : undefined;
  let rise = 0;
  let falls = 0;
  for (const time of times) {
    const now = points.get(time)!;
    if (before !== undefined && now >= before) rise += now - before;
    else if (before !== undefined) falls++;
    before = now;
  }
  return { rise, falls };
}

function sum(all: { rise: number }[]): number {
  return all.reduce((total, { rise }) => total + rise, 0);
}
