import { isPastReturn } from './release';

export interface Outside {
  /** Counts the tries of its next workflow task; 0 while the release waits. */
  attempt: number;
  failure?: string;
  phase?: string;
  outcome?: string;
}

export interface Trouble {
  why: string;
  /** Says why it is not ended; absent when it is ended after the guard time. */
  spared?: string;
}

/** A dying worker costs one try, and its successor perhaps another; more is no accident. */
const ACCIDENTS = 2;

/** Finds releases whose code fails on every try; one that waits or soaks has no tries, so it is well. */
export function troubleOf({ attempt, failure, phase, outcome }: Outside): Trouble | null {
  if (attempt <= ACCIDENTS) return null;
  const why = `no worker gets on with it (try ${attempt})${failure ? `: ${failure}` : ', nor says why'}`;
  const spared = reasonToSpare(phase, outcome);
  return { why, ...(spared && { spared }) };
}

function reasonToSpare(phase: string | undefined, outcome: string | undefined): string | undefined {
  if (outcome === 'needs a hand') return 'somebody may be putting things right by hand just now';
  return isPastReturn(phase) ? 'the new version has all the traffic already' : undefined;
}
