import { ApplicationFailure, setCurrentDetails, setHandler, upsertSearchAttributes } from '@temporalio/workflow';
import { defineSearchAttributeKey } from '@temporalio/common';
import { approvalOf } from '../domain/approvals';
import type { ApprovalRule } from '../domain/approvals';
import { questionText } from '../domain/asking';
import type { Asked, Question } from '../domain/asking';
import { describe } from '../domain/details';
import { refOf } from '../domain/kinds';
import { MEANINGS, MESSAGES, parseMessage, recordOf, refusal } from '../domain/messages';
import type { Message, MessageName, Situation } from '../domain/messages';
import { SEARCH_ATTRIBUTES } from '../domain/names';
import type { Live, Outcome, Phase, ReleaseStatus } from '../domain/release';
import type { Request } from '../domain/request';
import { messageSignal, messageUpdate, statusQuery } from './messages';
import type { MessageAnswer } from './messages';

interface Stop {
  name: 'abort' | 'rollback' | 'reject' | 'deadline';
  why: string;
}

const MOST_MESSAGES = 50;
const NOTHING_ASKED = { asks: undefined, waitingFor: undefined };
const phaseAttribute = defineSearchAttributeKey(SEARCH_ATTRIBUTES.phase, 'KEYWORD');
const outcomeAttribute = defineSearchAttributeKey(SEARCH_ATTRIBUTES.outcome, 'KEYWORD');

/** Handlers only record, and the main line acts, so the order of messages decides nothing: a stop beats a pause. */
export class Control {
  readonly status: ReleaseStatus;
  stop?: Stop;
  paused = false;
  promoted?: Message;
  hand?: 'retry' | 'resolved';
  soaking = false;

  private readonly approve: ApprovalRule;

  constructor(request: Request, live: Live | null) {
    this.approve = request.config.approve;
    const { kind, who, note } = request;
    this.status = {
      release: refOf(request),
      kind,
      state: 'running',
      phase: 'preflight',
      phases: [],
      undos: [],
      messages: [],
      ...(live && { live }),
      share: 0,
      who,
      note,
      startedAt: Date.now(),
      leftovers: [],
    };
  }

  /** Sets every handler. This comes first, since a message before its handler is lost or refused. */
  listen(): void {
    setHandler(statusQuery, () => this.status, { description: 'Phases, share, verdicts, messages and undos so far.' });
    for (const name of MESSAGES) {
      const description = `${MEANINGS[name]} Input: {"who": "…", "why": "…"}, a text (the reason), or nothing.`;
      setHandler(messageSignal(name), (payload) => void this.receive(name, payload), { description });
      setHandler(messageUpdate(name), (payload): MessageAnswer => this.acceptOrFail(name, payload), {
        validator: (payload) => {
          const refused = refusal(this.situation(), parseMessage(name, payload));
          if (refused !== undefined) throw ApplicationFailure.nonRetryable(refused, 'Refused');
        },
        description,
      });
    }
  }

  changed(change: Partial<ReleaseStatus> = {}): void {
    Object.assign(this.status, change);
    setCurrentDetails(describe(this.status));
  }

  entered(phase: Phase): void {
    upsertSearchAttributes([{ key: phaseAttribute, value: phase }]);
    this.changed({ phase });
  }

  ended(outcome: Outcome): void {
    upsertSearchAttributes([{ key: outcomeAttribute, value: outcome }]);
    this.changed({ state: 'ended', outcome, endedAt: Date.now(), ...NOTHING_ASKED });
  }

  /** Waits for a person after a failed undo. The search attribute keeps others from repairing meanwhile. */
  needsHand(undo: string): void {
    upsertSearchAttributes([{ key: outcomeAttribute, value: 'needs a hand' }]);
    this.status.state = 'needs a hand';
    this.ask({ for: 'hand', undo });
  }

  undoesAgain(): void {
    upsertSearchAttributes([{ key: outcomeAttribute, value: null }]);
    this.changed({ state: 'undoing', ...NOTHING_ASKED });
  }

  /** @param timeout milliseconds for the answer; absent when there is no hurry */
  ask(question: Question, timeout?: number): void {
    const since = Date.now();
    const asks: Asked = { ...question, since, ...(timeout !== undefined && { until: since + timeout }) };
    this.changed({ asks, waitingFor: questionText(asks) });
  }

  asked(): void {
    this.changed(NOTHING_ASKED);
  }

  private acceptOrFail(name: MessageName, payload: unknown): MessageAnswer {
    const refused = this.receive(name, payload);
    if (refused !== undefined) throw ApplicationFailure.nonRetryable(refused, 'Refused');
    return { accepted: true };
  }

  // Signal and update share it: it answers why a message was refused, and never throws.
  private receive(name: MessageName, payload: unknown): string | undefined {
    const message = parseMessage(name, payload);
    const refused = refusal(this.situation(), message);
    this.status.messages = [...this.status.messages, recordOf(message, Date.now(), refused)].slice(-MOST_MESSAGES);
    if (refused === undefined) this.record(message);
    this.changed();
    return refused;
  }

  private record(message: Message): void {
    switch (message.name) {
      case 'abort':
      case 'rollback':
      case 'reject':
        this.stop = { name: message.name, why: sentence(message) };
        break;
      case 'pause':
      case 'resume':
        this.paused = message.name === 'pause';
        this.status.state = this.paused ? 'paused' : 'running';
        break;
      case 'approve':
        this.status.approvals = [...(this.status.approvals ?? []), approvalOf(message, Date.now())];
        break;
      case 'promote':
        this.promoted = message;
        break;
      case 'retry':
      case 'resolved':
        this.hand = message.name;
    }
  }

  private situation(): Situation {
    const { state, phase, asks } = this.status;
    const { soaking, approve, stop } = this;
    return { state, phase, asking: asks?.for ?? null, soaking, approve, stopping: stop !== undefined };
  }
}

function sentence({ name, who, why }: Message): string {
  return `${name} by ${who}${why ? `: ${why}` : ''}`;
}
