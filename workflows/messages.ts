import { defineQuery, defineSignal, defineUpdate } from '@temporalio/workflow';
import type { AdoptReport, PreflightCheck, Step } from '../activities/steps';
import type { AppConfig } from '../domain/config';
import { KINDS } from '../domain/kinds';
import type { LiveState } from '../domain/live-state';
import type { MessageName } from '../domain/messages';
import type { LedgerEntry, Live, ReleaseStatus, Scope } from '../domain/release';
import type { ReleaseRequest, Request, RequestKind } from '../domain/request';

/** What travels with a message; the Web UI may send anything, so a handler takes it as unknown. */
export interface MessageInput {
  who: string;
  why: string;
}

/** Whether a message was accepted; a refusal is the failure of the update. */
export interface MessageAnswer {
  accepted: true;
}

/** The signal `approve`, `abort`, … */
export function messageSignal(name: MessageName) {
  return defineSignal<[unknown]>(name);
}

/** The update of the same name, for those who need to know whether it was accepted. */
export function messageUpdate(name: MessageName) {
  return defineUpdate<MessageAnswer, [unknown]>(name);
}

export const statusQuery = defineQuery<ReleaseStatus>('status');

/** What an environment answers to a request: it has begun, or who is releasing what since when. */
export type ReleaseAnswer =
  | { accepted: true; releaseId: string; workflowId: string }
  | { accepted: false; reason: string; current?: CurrentRelease };

export interface CurrentRelease {
  releaseId: string;
  /** Absent in what an older version of Spillway began: ask `kindOf`. */
  kind?: RequestKind;
  /** Of a release; of anything else its title, as `migrate up`. */
  version: string;
  who: string;
  /** Milliseconds since the epoch. */
  since: number;
  /** It is a migration by hand: what `kind` says too, for scripts that read it here. */
  migration?: true;
  /** What keeps it from going on by itself, and what its environment does about that. */
  trouble?: string;
}

/** Asked by update-with-start, with the request's id as update id, so that asking again is harmless. */
export function requestUpdate(kind: RequestKind) {
  return defineUpdate<ReleaseAnswer, [Request]>(KINDS[kind].update);
}

/** By so many ms the clock of a machine that asks may differ from Temporal's: `notAfter` is kept as exactly as that. */
export const CLOCKS_DIFFER_MS = 60_000;

/** What an environment knows: answered even when nothing runs. */
export interface EnvironmentState {
  app: string;
  environment: string;
  live: Live | null;
  /** The last 20, newest first. */
  ledger: LedgerEntry[];
  current: CurrentRelease | null;
  /** A release that was terminated could not be reconciled: why. */
  needsHand?: string;
  /** With which configuration the live version was released: where it can be looked at. Absent until a release ended so. */
  config?: AppConfig;
  /** With which the environment was taken last; absent before the first time. */
  generation?: number;
}

export const environmentQuery = defineQuery<EnvironmentState>('environment');

/** Names under which workflows are started; nobody else spells them. */
export const WORKFLOWS = {
  environment: 'environment',
  /** Started by a command only to look: what changes anything is started by its environment. */
  migration: KINDS.migration.workflow,
  plan: 'plan',
  history: 'history',
  adopt: 'adopt',
  look: 'look',
} as const;

/** Input of the environment workflow; continue-as-new carries the rest of it. */
export interface EnvironmentInput {
  app: string;
  environment: string;
  carried?: { state: EnvironmentState; answers: [string, ReleaseAnswer][] };
}

/** Input of the read-only `history` workflow, which pages through the durable ledger. */
export interface HistoryInput {
  request: Pick<ReleaseRequest, 'app' | 'environment' | 'config'>;
  before?: string;
  limit: number;
}

/** Input of the `adopt` workflow. */
export interface AdoptInput {
  step: Step;
  /** Also while a release of another Temporal seems to be going on. */
  force: boolean;
}

export type AdoptAnswer = AdoptReport;

/** Input of the read-only `look` workflow. */
export interface LookInput extends Scope {
  config: AppConfig;
  live: Live;
}

/** What became of the live version, and what is wrong with it in words. */
export type LookAnswer = Pick<LiveState, 'condition' | 'detail'>;

/** Answer of the read-only `plan` workflow. */
export interface PlanAnswer {
  live: Live | null;
  /** What became of it; absent when the target could not be looked at. */
  found?: LookAnswer;
  slot: 'blue' | 'green';
  checks: PreflightCheck[];
  /** What each phase would do, in words. */
  steps: { phase: string; does: string; undo: string }[];
  /** What this router or configuration cannot promise. */
  caveats: string[];
}
