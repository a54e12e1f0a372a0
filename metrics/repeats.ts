import type { Measured, Reading } from './metric';

/**
 * Tells when a value was measured that does not say so itself: the same number as before is the same measurement. A source
 * that measures the same anew has to tell when.
 */
export class Repeats {
  private readonly last = new Map<string, { value: number; time: number }>();

  /** @param time of this reading, ms since the epoch */
  mark(of: Measured, reading: Reading, time: number): Reading {
    if (!('value' in reading) || reading.measured) return reading;
    const key = JSON.stringify([of.slot, of.version, of.release]);
    const before = this.last.get(key);
    const first = before?.value === reading.value ? before.time : time;
    this.last.set(key, { value: reading.value, time: first });
    return { ...reading, measured: { from: first, to: first } };
  }
}
