import type { MessageName } from './messages';
import type { ReleaseStatus } from './release';
import { formatDuration } from './units';

export type Question =
  /** Asks whether the version may get all traffic; anyone may answer when `by` is empty. */
  | { for: 'approval'; by: readonly string[] }
  /** Asks whether to go on although a soak showed too little. */
  | { for: 'canary'; reason: string }
  | { for: 'promotion'; share: number }
  | { for: 'resume' }
  /** Asks what to do about an undo that failed; `undo` is the order it was to follow. */
  | { for: 'hand'; undo: string };

export type Asked = Question & {
  /** In milliseconds since the epoch. */
  since: number;
  /** The last moment for an answer; absent when there is no limit. */
  until?: number;
};

/** `approval by alice or bob within 1 d` */
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

/** Answers undefined when nothing is asked, or when yes is not enough. */
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

/** A status by an older version has no `asks`. */
function askedBefore({ phase }: ReleaseStatus): Question['for'] | undefined {
  if (phase === 'approve') return 'approval';
  return phase === 'canary' || phase === 'bake' ? 'promotion' : undefined;
}
