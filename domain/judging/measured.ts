/** Milliseconds since the epoch; both the same when it is of a moment. */
export interface Measured {
  from: number;
  to: number;
}

/** Part of their time that two measurements may share, since scrapes are not quite regular. */
const SHARED = 0.1;

/** Milliseconds that lie between two new measurements, each over so long a time. */
export function leastApart(covered: number): number {
  return (1 - SHARED) * covered;
}

/**
 * Whether a measurement is new: one that is read twice is no more evidence than once.
 * @param until what was measured up to here is known already, ms
 */
export function isNewMeasurement({ from, to }: Measured, until: number): boolean {
  return to > until && (from === to || from >= until - SHARED * (to - from));
}
