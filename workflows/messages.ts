import { defineQuery, defineSignal, defineUpdate } from '@temporalio/workflow';
import type { AdoptReport, PreflightCheck, Step } from '../activities/steps';
import type { AppConfig } from '../domain/config';
import { KINDS } from '../domain/kinds';
import type { LiveState } from '../domain/live-state';
import type { MessageName } from '../domain/messages';
import type { LedgerEntry, Live, ReleaseStatus, Scope } from '../domain/release';
import type { Remains, RemovalOptions } from '../domain/removal';
import type { ReleaseRequest, Request, RequestKind } from '../domain/request';

/** The Web UI may send anything, so a handler takes this as unknown. */
export interface MessageInput {
  who: string;
  why: string;
}

export interface MessageAnswer {
  accepted: true;
}

export function messageSignal(name: MessageName) {
  return defineSignal<[unknown]>(name);
}

export function messageUpdate(name: MessageName) {
  return defineUpdate<MessageAnswer, [unknown]>(name);
}

export const statusQuery = defineQuery<ReleaseStatus>('status');

export type ReleaseAnswer =
  | { accepted: true; releaseId: string; workflowId: string }
  | { accepted: false; reason: string; current?: CurrentRelease };

export interface CurrentRelease {
  releaseId: string;
  /** Absent when an older Spillway began it: ask `kindOf`. */
  kind?: RequestKind;
  /** A title such as `migrate up` for anything but a release. */
  version: string;
  who: string;
  /** Milliseconds since the epoch. */
  since: number;
  /** Repeats `kind` for scripts that read it here. */
  migration?: true;
  /** Says why it cannot go on by itself, and what its environment does about that. */
  trouble?: string;
}

/** The request's id is the update id, so that asking again is harmless. */
export function requestUpdate(kind: RequestKind) {
  return defineUpdate<ReleaseAnswer, [Request]>(KINDS[kind].update);
}

/** `notAfter` is only as exact as this, since the clock of the asking machine may differ from Temporal's. */
export const CLOCKS_DIFFER_MS = 60_000;

export interface EnvironmentState {
  app: string;
  environment: string;
  live: Live | null;
  /** The last 20, newest first. */
  ledger: LedgerEntry[];
  current: CurrentRelease | null;
  /** Says why a terminated release could not be reconciled. */
  needsHand?: string;
  /** Says where to look at the live version; absent until a release succeeded. */
  config?: AppConfig;
  /** Belongs to the request that took the environment last; absent before the first one. */
  generation?: number;
}

export const environmentQuery = defineQuery<EnvironmentState>('environment');

export const WORKFLOWS = {
  environment: 'environment',
  /** A command starts it only to look; its environment starts whatever changes something. */
  migration: KINDS.migration.workflow,
  plan: 'plan',
  history: 'history',
  adopt: 'adopt',
  look: 'look',
  remains: 'remains',
} as const;

export interface EnvironmentInput {
  app: string;
  environment: string;
  carried?: { state: EnvironmentState; answers: [string, ReleaseAnswer][] };
}

export interface HistoryInput {
  request: Pick<ReleaseRequest, 'app' | 'environment' | 'config'>;
  before?: string;
  limit: number;
}

export interface AdoptInput {
  step: Step;
  /** Adopts even while a release of another Temporal seems to run. */
  force: boolean;
}

export type AdoptAnswer = AdoptReport;

export interface LookInput extends Scope {
  config: AppConfig;
  live: Live;
}

export type LookAnswer = Pick<LiveState, 'condition' | 'detail'>;

export interface RemainsInput extends Step {
  options: RemovalOptions;
}

export type RemainsAnswer = Remains | { problem: string };

export interface PlanAnswer {
  live: Live | null;
  /** Absent when the target could not be looked at. */
  found?: LookAnswer;
  slot: 'blue' | 'green';
  checks: PreflightCheck[];
  steps: { phase: string; does: string; undo: string }[];
  caveats: string[];
}
