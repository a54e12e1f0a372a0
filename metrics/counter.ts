// Follows one counter from scrape to scrape. What it counted before it was first seen is no evidence, and neither is
// what is missing between its last scrape and a restart.

/** Its time is in ms by the clock of Prometheus. */
export type Sample = readonly [time: number, value: number];

export interface Counter {
  labels: Record<string, string>;
  first: number;
  last: number;
  value: number;
  /** Where it stood before a restart, until it exceeds that again. */
  fellFrom: number | undefined;
  rise: number;
  /** Its first value, if it appeared after the beginning and may not have been zero before. */
  appearedWith: number;
  /** Falls since the beginning: each may hide events. */
  gaps: number;
  /** Falls before the beginning count too: what falls often is no counter. */
  falls: number;
  steps: number;
}

/** @param isBorn true when it was zero before, so that its first value is evidence */
export function startCounter(
  labels: Counter['labels'],
  [time, value]: Sample,
  isBorn: boolean,
  began: number,
): Counter {
  return {
    labels,
    first: time,
    last: time,
    value,
    fellFrom: undefined,
    rise: isBorn ? value : 0,
    appearedWith: !isBorn && time > began ? value : 0,
    gaps: 0,
    falls: 0,
    steps: 0,
  };
}

/** Goes on to the next sample; samples before `began` (ms) only tell where the counter stood. */
export function follow(counter: Counter, [time, value]: Sample, began: number): void {
  const isEvidence = time > began;
  counter.last = time;
  counter.steps++;
  if (value >= counter.value) return climb(counter, value, isEvidence);
  counter.falls++;
  if (isEvidence) counter.gaps++;
  // Replicas of Prometheus that are asked in turn lag behind each other; a restart loses most of the count.
  if (value > counter.value / 2) return;
  counter.fellFrom = Math.max(counter.value, counter.fellFrom ?? 0);
  counter.value = value;
}

function climb(counter: Counter, value: number, isEvidence: boolean): void {
  const { fellFrom } = counter;
  // A restarted counter needs several steps to get back, so one that is back in one step never restarted.
  const isBack = fellFrom !== undefined && value >= fellFrom && counter.value <= fellFrom / 2;
  if (isEvidence) counter.rise += value - (isBack ? fellFrom : counter.value);
  if (fellFrom !== undefined && value >= fellFrom) counter.fellFrom = undefined;
  counter.value = value;
}

/** More falls than both of these are no restarts. */
const MOST_FALLS = 2;
const MOST_PART = 0.1;

/** True for a gauge, or for several processes behind one address. */
export function isNoCounter({ falls, steps }: Counter): boolean {
  return falls > MOST_FALLS && falls > MOST_PART * steps;
}
