import { UnreachableFailure } from '../domain/failures';
import type { Io } from '../domain/host';
import type { Owner } from '../domain/ownership';
import type { Group, Scope } from '../domain/release';

/** Whose measurement is wanted: one version, where it runs. */
export interface Measured extends Scope {
  slot: Group;
  version: string;
  release: string;
  /** What tells those from all others; absent when nobody could ask the target whose they are. */
  owner?: Owner;
}

/**
 * Milliseconds since the epoch. Counts are of this time, from the beginning of a soak on. Values are of its end, or of all of
 * it: the windows of a metric follow each other without overlap.
 */
export interface Window {
  from: number;
  to: number;
}

/** Says why something could not be measured. It is never a pass. */
export interface Missing {
  /** A sentence without secrets: what was expected, what was seen, what to do. */
  missing: string;
  /** True when source, query or access are wrong; false when there is merely nothing yet. */
  fault: boolean;
  unreachable?: boolean;
}

/** A number, and what time it is of: two readings of one measurement are one. */
export interface ValueReading {
  value: number;
  /** When its source measured it, by the clock of this machine; absent when nobody knows, so that each one is new. */
  measured?: Window;
  /** It may have been measured before, and be read once more: its source does not say. */
  guessed?: true;
}

export interface CountReading {
  bad: number;
  total: number;
  /** When its source counted last; as that of a value. */
  measured?: Window;
  /** Why there is less than the time would give: `a counter fell`. */
  gap?: string;
}

/** One answer of a source; plain data in which every number is finite. */
export type Reading = ValueReading | CountReading | Missing;

/** Values, null where there is none, with the time at which each was measured, ms. */
export interface PastValues {
  values: (number | null)[];
  times: number[];
}

export type PastReading = PastValues | CountReading | Missing;

/**
 * Where a metric comes from. What goes wrong with a source is a reading that says so: only an abort by `io.signal` is
 * thrown, and every reading ends within the time-out of its configuration.
 */
export interface MetricSource {
  read(of: Measured, window: Window, io: Io): Promise<Reading>;
  /** The same of time that is over, with a value each `step` ms; absent when the source remembers nothing. */
  past?(of: Measured, window: Window, step: number, io: Io): Promise<PastReading>;
}

/** Turns what a source raised into a reading; an abort goes on as what it is. */
export function missingBecause(error: unknown, io: Io): Missing {
  io.signal.throwIfAborted();
  const unreachable = error instanceof UnreachableFailure;
  const missing = error instanceof Error ? error.message : String(error);
  return { missing, fault: true, ...(unreachable && { unreachable }) };
}
