import { IANAZone } from 'luxon';
import { DAY_MS, MINUTE_MS } from './windows';

/** Tells what the wall clocks of a place show. */
export interface Zone {
  /** Answers what the wall clock shows, told as the moment at which a clock in Greenwich shows the same. */
  wall(at: number): number;
  /** The moments at which the wall clock shows this: none when it was set forward over it, two when it was set back. */
  moments(wall: number): number[];
  /** The first moment after `from`, up to and with `to`, at which the clock is set; undefined when there is none. */
  set(from: number, to: number): number | undefined;
}

/** Fixed offsets such as `+02:00` are no zone, since they know no daylight saving. */
export function isZone(name: string): boolean {
  return /^[A-Za-z]/.test(name) && IANAZone.isValidZone(name);
}

/** @param name of the IANA database, such as `Europe/Berlin` */
export function zoneOf(name: string): Zone {
  const zone = IANAZone.create(name);
  const offset = (at: number): number => Math.round(zone.offset(at) * MINUTE_MS);
  const wall = (at: number): number => at + offset(at);
  return {
    wall,
    moments: (shown) => {
      const offsets = new Set([offset(shown - DAY_MS), offset(shown + DAY_MS)]);
      return [...offsets].map((one) => shown - one).filter((at) => wall(at) === shown);
    },
    set: (from, to) => {
      if (offset(from) === offset(to)) return undefined;
      let [before, after] = [from, to];
      while (after - before > 1) {
        const middle = Math.floor((before + after) / 2);
        if (offset(middle) === offset(from)) before = middle;
        else after = middle;
      }
      return after;
    },
  };
}
