import { UnreachableFailure } from '../domain/failures';
import type { Io } from '../domain/host';
import type { Owner } from '../domain/ownership';
import type { Group, Scope } from '../domain/release';

/** Whose measurement is wanted: one version, where it runs. */
export interface Measured extends Scope {
  slot: Group;
  version: string;
  /** Id of the release that made its containers. */
  release: string;
  /** What tells those from all others; absent when nobody could ask the target whose they are. */
  owner?: Owner;
}

/** Milliseconds since the epoch. Counts are of this time; values are of its end. */
export interface Window {
  from: number;
  to: number;
}

/** What could not be measured, and why. Never a pass. */
export interface Missing {
  /** A sentence without secrets: what was expected, what was seen, what to do. */
  missing: string;
  /** True when source, query or access are wrong; false when there is merely nothing yet. */
  fault: boolean;
  /** True when nobody answered. */
  unreachable?: boolean;
}

/** Bad and all events since the beginning of the window. */
export interface CountReading {
  bad: number;
  total: number;
  /** Why there is less than the time would give: `a counter fell`. */
  gap?: string;
}

/** One answer of a source; plain data in which every number is finite. */
export type Reading = { value: number } | CountReading | Missing;

/** Values at equal distances, null where there is none. */
export type PastReading = { values: (number | null)[] } | CountReading | Missing;

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
