import type { MessageName } from './messages';
import type { ReleaseStatus } from './release';
import { formatDuration } from './units';

/** What a release may ask of a person. */
export type Question =
  /** Whether the version may get all the traffic. `by`: who may say so, anyone when it is empty. */
  | { for: 'approval'; by: readonly string[] }
  /** Whether to go on although a soak showed too little, and what it showed. */
  | { for: 'canary'; reason: string }
  /** Whether to leave a step that is manual, with this share of the traffic. */
  | { for: 'promotion'; share: number }
  /** To go on after a pause. */
  | { for: 'resume' }
  /** What to do about an undo that failed: the order that it was to follow. */
  | { for: 'hand'; undo: string };

/** A question that is open. */
export type Asked = Question & {
  /** Milliseconds since the epoch. */
  since: number;
  /** When it is too late to answer; absent when it never is. */
  until?: number;
};

/** What a release waits for, for people: `approval by alice or bob within 1 d`. */
export function questionText(asked: Asked): string {
  const { since, until = since } = asked;
  const within = formatDuration(until - since);
  switch (asked.for) {
    case 'approval':
      return `approval${asked.by.length > 0 ? ` by ${asked.by.join(' or ')}` : ''} within ${within}`;
    case 'canary':
      return `promote or reject: the canary is inconclusive (${asked.reason})`;
    case 'promotion':
      return `promote or reject: the step at ${asked.share} % is manual; within ${within}`;
    case 'resume':
      return 'resume';
    case 'hand':
      return `retry or resolved: this undo failed: ${asked.undo}`;
  }
}

/** The message by which a person says yes to what is asked; undefined where nothing is asked, or more than a yes. */
export function yesTo(status: ReleaseStatus): MessageName | undefined {
  if (status.state !== 'running' || status.waitingFor === undefined) return undefined;
  switch (status.asks?.for ?? askedBefore(status)) {
    case 'approval':
      return 'approve';
    case 'canary':
    case 'promotion':
      return 'promote';
    case 'resume':
    case 'hand':
    case undefined:
      return undefined;
  }
}

/** What a status of an older version asks, which says it in words only. */
function askedBefore({ phase }: ReleaseStatus): Question['for'] | undefined {
  if (phase === 'approve') return 'approval';
  return phase === 'canary' || phase === 'bake' ? 'promotion' : undefined;
}
