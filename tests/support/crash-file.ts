import { readFileSync, renameSync, writeFileSync } from 'node:fs';

/* The file that tells workers where to die, and what they write down. */

export interface CrashPoint extends StepName {
  when: 'before' | 'during' | 'after' | 'between';
  /** How long after its begin `during` is, in ms. */
  delayMs: number;
}

/** A step of a release: the same in every release that goes the same way. */
export interface StepName {
  activity: string;
  /** Temporal's number of it in its workflow. */
  id: string;
  workflow: string;
}

/** A step that ran, as written to the trace. */
export interface Trace extends StepName {
  attempt: number;
  /** Milliseconds. */
  duration: number;
  failed: boolean;
}

/** The points at which no worker has died yet. */
export function pointsLeft(file: string): CrashPoint[] {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as CrashPoint[];
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}

/** Writes them by a rename, since worker and test read them at any moment. */
export function writePoints(file: string, points: CrashPoint[]): void {
  writeFileSync(`${file}.new`, JSON.stringify(points));
  renameSync(`${file}.new`, file);
}
