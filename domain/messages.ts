import { refusedAnswer } from './approvals';
import type { ApprovalRule } from './approvals';
import type { Question } from './asking';
import { isPastReturn } from './release';
import type { MessageRecord, Phase } from './release';

/** What a person may tell a release; each is a signal and an update of this name. */
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

/** What of a release decides whether a message is accepted. */
export interface Situation {
  state: 'running' | 'paused' | 'undoing' | 'needs a hand' | 'ended';
  phase: Phase;
  /** What a person's answer is being waited for; null when nothing is asked. */
  asking: Question['for'] | null;
  /** A soak is running that `promote` could cut short. */
  soaking: boolean;
  /** Who may approve or reject. */
  approve: ApprovalRule;
  /** An abort or rollback was accepted already. */
  stopping: boolean;
}

export interface Message {
  name: MessageName;
  who: string;
  why: string;
  /** By what it can be checked who sent it, where their tool gave that. */
  proof?: string;
}

/** Enough for a signature with its certificate; longer ones would fill the history. */
const LONGEST_PROOF = 10_000;

/** Who sent a message that does not say so; the Web UI's own audit log may know. */
const UNKNOWN_SENDER = 'somebody';

/**
 * Reads what came with a message. People type it into the Web UI, so everything is understood that can be: an object
 * with `who`, `why` and `proof`, a text (then it is the reason), or nothing.
 */
export function parseMessage(name: MessageName, payload: unknown): Message {
  if (typeof payload === 'string') return { name, who: UNKNOWN_SENDER, why: clean(payload) };
  if (typeof payload !== 'object' || payload === null) return { name, who: UNKNOWN_SENDER, why: '' };
  const { who, why, proof } = payload as Record<string, unknown>;
  const isProof = typeof proof === 'string' && proof.length <= LONGEST_PROOF;
  return { name, who: clean(who) || UNKNOWN_SENDER, why: clean(why), ...(isProof && { proof }) };
}

/** Why a message is refused in this situation; undefined when it is accepted. Never throws. */
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

/** What status and ledger keep of a message. */
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
