import { refusedAnswer } from './approvals';
import type { ApprovalRule } from './approvals';
import type { Question } from './asking';
import { isPastReturn } from './release';
import type { MessageRecord, Phase } from './release';

export const MESSAGES = [
  'approve',
  'reject',
  'abort',
  'pause',
  'resume',
  'promote',
  'rollback',
  'retry',
  'resolved',
] as const;
export type MessageName = (typeof MESSAGES)[number];

/** A sentence each, for the help of commands and for the Web UI. */
export const MEANINGS: Record<MessageName, string> = {
  approve: 'Lets a release that waits for approval go on.',
  reject: 'Refuses a release that waits for approval, or whose canary is inconclusive: it is rolled back.',
  abort: 'Stops the running release and puts everything back.',
  pause: 'Holds the running release where it is: clocks of soak and deadline stop, judging goes on.',
  resume: 'Lets a paused release go on.',
  promote: 'Ends the soak that runs now, decides for an inconclusive canary or for a manual step, and goes on.',
  rollback: 'Moves all traffic back to the version before, while the new one bakes.',
  retry: 'Tries the undo again that failed in a release that needs a hand.',
  resolved: 'Says that a person has done by hand what could not be undone.',
};

export interface Situation {
  state: 'running' | 'paused' | 'undoing' | 'needs a hand' | 'ended';
  phase: Phase;
  /** Null when nothing is asked. */
  asking: Question['for'] | null;
  soaking: boolean;
  approve: ApprovalRule;
  stopping: boolean;
}

export interface Message {
  name: MessageName;
  who: string;
  why: string;
  /** Says who really sent it; absent when their tool gave nothing. */
  proof?: string;
}

/** A signature with its certificate fits; longer ones would fill the history. */
const LONGEST_PROOF = 10_000;

/** The Web UI lets people send messages without a name; its audit log may have it. */
const UNKNOWN_SENDER = 'somebody';

/** People type into the Web UI, so a plain text (the reason) or nothing will do as well as an object. */
export function parseMessage(name: MessageName, payload: unknown): Message {
  if (typeof payload === 'string') return { name, who: UNKNOWN_SENDER, why: clean(payload) };
  if (typeof payload !== 'object' || payload === null) return { name, who: UNKNOWN_SENDER, why: '' };
  const { who, why, proof } = payload as Record<string, unknown>;
  const isProof = typeof proof === 'string' && proof.length <= LONGEST_PROOF;
  return { name, who: clean(who) || UNKNOWN_SENDER, why: clean(why), ...(isProof && { proof }) };
}

/** Answers undefined when the message is accepted. Never throws. */
export function refusal(situation: Situation, message: Message): string | undefined {
  const { state, phase } = situation;
  if (state === 'ended') return `the release has ended; ${message.name} comes too late`;
  switch (message.name) {
    case 'retry':
    case 'resolved':
      return state === 'needs a hand'
        ? undefined
        : `${message.name} is for a release that needs a hand; this one is ${state}`;
    case 'approve':
    case 'reject':
      return undoing(situation) ?? refuseAnswer(situation, message);
    case 'abort':
      return undoing(situation) ?? pastReturn(phase);
    case 'rollback':
      return (
        undoing(situation) ??
        (phase === 'bake' ? undefined : `rollback is for the bake phase; this is ${phase}. Use abort`)
      );
    case 'pause':
      if (state === 'paused') return 'the release is paused already';
      return undoing(situation) ?? pastReturn(phase);
    case 'resume':
      return state === 'paused' ? undefined : 'the release is not paused';
    case 'promote':
      if (undoing(situation)) return undoing(situation);
      if (situation.asking === 'approval') return 'the release waits for approval: approve or reject it';
      return situation.soaking || situation.asking === 'canary' || situation.asking === 'promotion'
        ? undefined
        : `promote ends a soak; nothing soaks in ${phase}`;
  }
}

export function recordOf({ name, who, why }: Message, at: number, refused: string | undefined): MessageRecord {
  return { name, who, why, at, ...(refused !== undefined && { refused }) };
}

function undoing({ state, stopping }: Situation): string | undefined {
  if (state === 'needs a hand') return 'the release needs a hand: use retry or resolved';
  return state === 'undoing' || stopping ? 'the release is being undone already' : undefined;
}

function pastReturn(phase: Phase): string | undefined {
  return isPastReturn(phase) ? `${phase} is past the point of no return; roll back with a new release` : undefined;
}

function refuseAnswer({ asking, approve, phase }: Situation, message: Message): string | undefined {
  const { name } = message;
  switch (asking) {
    case null:
    case 'resume':
    case 'hand':
      return `nobody is being asked in ${phase}; ${name} is for the approve phase`;
    case 'canary':
      if (name === 'approve') return 'the canary is inconclusive: promote goes on, reject rolls back';
      break;
    case 'promotion':
      if (name === 'approve') return 'this step is manual: promote goes on, reject rolls back';
      break;
    case 'approval':
  }
  return refusedAnswer(approve, message);
}

// Longer texts would fill the history; control characters would garble a terminal.
function clean(value: unknown): string {
  if (typeof value !== 'string') return '';
  return value
    .replace(/\p{Cc}+/gu, ' ')
    .trim()
    .slice(0, 500);
}
