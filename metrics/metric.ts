import { UnreachableFailure } from '../domain/failures';
import type { Io } from '../domain/host';
import type { Owner } from '../domain/ownership';
import type { Group, Scope } from '../domain/release';

export interface Measured extends Scope {
  slot: Group;
  version: string;
  release: string;
  /** Absent when nobody could ask the target who the owner is. */
  owner?: Owner;
}

/** Milliseconds since the epoch. Counts are of all this time, values of its end or of all of it. */
export interface Window {
  from: number;
  to: number;
}

/** It says why something could not be measured, and never counts as a pass. */
export interface Missing {
  /** A sentence without secrets: what was expected, what was seen, what to do. */
  missing: string;
  /** True when source, query or access are wrong; false when there is merely nothing yet. */
  fault: boolean;
  unreachable?: boolean;
}

export interface ValueReading {
  value: number;
  /** When its source measured it, by the clock of this machine; absent when unknown, so that each reading is new. */
  measured?: Window;
  /** True when the source does not say when it measured, so that this may be the value before. */
  guessed?: true;
}

export interface CountReading {
  bad: number;
  total: number;
  measured?: Window;
  /** Why events may be missing: `a counter fell`. */
  gap?: string;
}

/** Plain data; every number is finite. */
export type Reading = ValueReading | CountReading | Missing;

/** Null where there is no value; times are in ms. */
export interface PastValues {
  values: (number | null)[];
  times: number[];
}

export type PastReading = PastValues | CountReading | Missing;

/** Failures are readings: only an abort by `io.signal` is thrown. Every reading ends within its time-out. */
export interface MetricSource {
  read(of: Measured, window: Window, io: Io): Promise<Reading>;
  /** Reads the past, with a value each `step` ms; absent when the source remembers nothing. */
  past?(of: Measured, window: Window, step: number, io: Io): Promise<PastReading>;
}

export function missingBecause(error: unknown, io: Io): Missing {
  io.signal.throwIfAborted();
  const unreachable = error instanceof UnreachableFailure;
  const missing = error instanceof Error ? error.message : String(error);
  return { missing, fault: true, ...(unreachable && { unreachable }) };
}
