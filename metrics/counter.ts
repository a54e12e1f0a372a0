/*
 * One counter, followed from scrape to scrape. Two things are no evidence: what it counted before it was first seen, and
 * between its last scrape and a new beginning. A value that comes back after a lower one is not new.
 */

/** Time in ms by the clock of its Prometheus, and value. */
export type Sample = readonly [time: number, value: number];

export interface Counter {
  labels: Record<string, string>;
  first: number;
  last: number;
  /** What is surely counted already: only more than this is new. */
  value: number;
  /** The greatest before its process began anew, until it is exceeded. */
  fellFrom: number | undefined;
  rise: number;
  /** Where it began, if that was after the beginning and nothing showed that it was zero before. */
  appearedWith: number;
  /** Falls since the beginning: what was counted meanwhile is not known. */
  gaps: number;
  /** All falls and all steps, those before the beginning too: what falls often is no counter. */
  falls: number;
  steps: number;
}

/** Begins to follow a counter at its first sample, which is evidence only when it `isBorn`: when it was zero before. */
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

/** Goes on to its next sample; what was before `began` (ms) only tells where it stood then. */
export function follow(counter: Counter, [time, value]: Sample, began: number): void {
  const isEvidence = time > began;
  counter.last = time;
  counter.steps++;
  if (value >= counter.value) return climb(counter, value, isEvidence);
  counter.falls++;
  if (isEvidence) counter.gaps++;
  // Copies of a Prometheus that are asked in turn lag behind each other; what begins anew loses most of what it had.
  if (value > counter.value / 2) return;
  counter.fellFrom = Math.max(counter.value, counter.fellFrom ?? 0);
  counter.value = value;
}

function climb(counter: Counter, value: number, isEvidence: boolean): void {
  const { fellFrom } = counter;
  // What began anew needs several steps for what it lost.
  const isBack = fellFrom !== undefined && value >= fellFrom && counter.value <= fellFrom / 2;
  if (isEvidence) counter.rise += value - (isBack ? fellFrom : counter.value);
  if (fellFrom !== undefined && value >= fellFrom) counter.fellFrom = undefined;
  counter.value = value;
}

/** More falls than this, and more than this part of its steps, are no restarts. */
const MOST_FALLS = 2;
const MOST_PART = 0.1;

/** Whether it falls so often that it counts nothing: a gauge, or several processes behind one address. */
export function isNoCounter({ falls, steps }: Counter): boolean {
  return falls > MOST_FALLS && falls > MOST_PART * steps;
}
