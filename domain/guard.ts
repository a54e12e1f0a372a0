import { isPastReturn } from './release';

/** What Temporal shows of a release to those who cannot ask it. */
export interface Outside {
  /** Which try of its next piece of workflow code is under way; 0: it waits for something. */
  attempt: number;
  /** What its code raised, as far as Temporal knows it. */
  failure?: string;
  /** Its search attributes. */
  phase?: string;
  outcome?: string;
}

/** Why a release cannot go on by itself. */
export interface Trouble {
  why: string;
  /** Why it is left alone nevertheless; absent: it is ended when its time is over. */
  spared?: string;
}

/** A worker that dies takes a try with it, and the one that takes over perhaps another: no more is an accident. */
const ACCIDENTS = 2;

/**
 * Whether a release cannot go on, since its code fails on every try: so it can neither judge nor undo. One that is paused,
 * asks somebody or soaks for days has nothing to try, and is well.
 */
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
