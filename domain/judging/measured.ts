/** Milliseconds since the epoch; both are the same for a moment. */
export interface Measured {
  from: number;
  to: number;
}

/** Scrapes are not quite regular, so measurements may share this part of their time. */
const SHARED = 0.1;

/** Returns the ms between two new measurements that each cover so long a time. */
export function leastApart(covered: number): number {
  return (1 - SHARED) * covered;
}

/** A measurement that is read twice is evidence once. Everything up to `until` (ms) is known already. */
export function isNewMeasurement({ from, to }: Measured, until: number): boolean {
  return to > until && (from === to || from >= until - SHARED * (to - from));
}
