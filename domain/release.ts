import type { Approval } from './approvals';
import type { Asked } from './asking';
import type { GitState, RequestKind } from './request';

/** A release passes through these, in this order. */
export const PHASES = [
  'preflight',
  'build',
  'backup',
  'migrate',
  'deploy',
  'smoke',
  'canary',
  'approve',
  'switch',
  'verify',
  'bake',
  'drain',
  'retire',
] as const;
export type Phase = (typeof PHASES)[number];

/** Whether nothing can be undone any more: all the traffic is on the new version, and the old one goes. */
export function isPastReturn(phase: string | undefined): boolean {
  return phase === 'drain' || phase === 'retire';
}

export const SLOTS = ['blue', 'green'] as const;
export type Slot = (typeof SLOTS)[number];

/** Containers that get traffic together: those of a slot, or of the old version's fresh baseline during a canary. */
export const GROUPS = [...SLOTS, 'baseline'] as const;
export type Group = (typeof GROUPS)[number];

/** The other slot. */
export function otherSlot(slot: Slot): Slot {
  return slot === 'blue' ? 'green' : 'blue';
}

/** Where an app lives. */
export interface Scope {
  app: string;
  environment: string;
}

/** One attempt to bring a version to an environment, or whatever else was asked of it. */
export interface ReleaseRef extends Scope {
  /** Unique for ever, sorts by time: `20261121-101500-1.2.3-k3v9`. */
  id: string;
  /** Of a release; of anything else its title, as `migrate up`. */
  version: string;
}

/** An image, pinned. */
export interface PinnedImage {
  service: string;
  /** Name and tag as a person writes it. */
  reference: string;
  /** Content address: `sha256:…` image id, or repository digest when it came from a registry. */
  digest: string;
  /** Bytes. */
  size: number;
  /** Whose digest that is; what an older version of Spillway pinned does not say: ask `originOf`. */
  from?: 'registry' | 'engine';
}

/** What serves an environment's traffic. */
export interface Live {
  slot: Slot;
  version: string;
  releaseId: string;
  images: PinnedImage[];
  /** Hash of version, images, configuration and keyed secret fingerprints. */
  identity: string;
}

/** `not judged`: nothing is configured that could, or nothing came of it; it is no pass, though the release goes on. */
export type Verdict = 'pass' | 'fail' | 'inconclusive' | 'not judged';

/** What one metric of the new version shows; beside `pass`, `high` and `low` are failures, the others show nothing. */
export interface MetricVerdict {
  name: string;
  /**
   * What it is about: requests that failed, or how long they took, of one service or (null) of all together; or a metric
   * that is configured. Absent in what an older version said.
   */
  about?: { kind: 'errors' | 'latency'; service: string | null } | { kind: 'metric' };
  label: 'pass' | 'high' | 'low' | 'nodata' | 'inconclusive';
  /** True when this alone fails everything. */
  critical: boolean;
  /** Shown only: decides nothing. */
  dryRun?: boolean;
  /** Of the ratio (counts, latency) or the shift (values); a null end is open. */
  interval: { lower: number | null; upper: number | null } | null;
  /** How much higher the new version is, in the unit of the metric. */
  shift: number | null;
  /** Size of the effect; null when it has none, as a ratio to zero. */
  deviation: number | null;
  reason: string;
}

/** Whether a metric says that the new version is worse, and counts. */
export function isWorse({ label, dryRun }: Pick<MetricVerdict, 'label' | 'dryRun'>): boolean {
  return !dryRun && (label === 'high' || label === 'low');
}

/** A verdict with a reason a person can check: `failed (3) > failureLimit (2)`. */
export interface Judgement {
  verdict: Verdict;
  reason: string;
  /** Name of the metric that the reason quotes, when one decided. */
  decidedBy?: string;
  /** What each metric said, when any was compared. */
  metrics?: MetricVerdict[];
}

/** How the new version was judged with one share of the traffic. */
export interface JudgedStep {
  /** `canary-10`, `approve`, `bake`: also the name of its picture. */
  name: string;
  /** The phase that it belongs to; absent in what an older version said, which begins its name with it. */
  phase?: Phase;
  share: number;
  judgement: Judgement;
  /** Requests of the new version that were seen. */
  requests: number;
  /** Absolute path of its picture, on the host of the target. */
  picture?: string;
}

/**
 * `refused`: it ended before it had anything to undo. `migrated` ends a migration by hand, `released` a release, all
 * others either of them.
 */
export type Outcome =
  'released' | 'migrated' | 'refused' | 'rolled back' | 'resolved by hand' | 'unchanged' | 'terminated';

/** What happened to one phase, for status, ledger and report. */
export interface PhaseRecord {
  phase: Phase;
  state: 'running' | 'done' | 'failed' | 'skipped';
  /** Milliseconds since the epoch. */
  startedAt: number;
  endedAt?: number;
  /** What a person should know of it, in words. */
  detail?: string;
}

export interface UndoRecord {
  label: string;
  state: 'pending' | 'running' | 'done' | 'failed';
  failure?: string;
}

/** A message by a person, accepted or not. */
export interface MessageRecord {
  name: string;
  who: string;
  why: string;
  at: number;
  /** Why it was refused; absent when it was accepted. */
  refused?: string;
}

/** Answer of the `status` query. */
export interface ReleaseStatus {
  release: ReleaseRef;
  /** Absent in what an older version of Spillway began: ask `kindOf`. */
  kind?: RequestKind;
  state: 'running' | 'paused' | 'undoing' | 'needs a hand' | 'ended';
  outcome?: Outcome;
  /** Why it did not end `released`, in one sentence. */
  why?: string;
  /** It was refused before anything changed, because something that it needs does not answer. */
  unreachable?: true;
  phase: Phase;
  phases: PhaseRecord[];
  undos: UndoRecord[];
  messages: MessageRecord[];
  /** Absent before the first. */
  approvals?: Approval[];
  slot?: Slot;
  live?: Live;
  /** Share of the new slot in per cent, as last read back. */
  share: number;
  /** What it asks of a person; absent when nothing is asked, and in what an older version said. */
  asks?: Asked;
  /** The same in words: `approval by alice or bob within 1 d`. */
  waitingFor?: string;
  judgement?: Judgement;
  /** Every share of the traffic that was judged so far, in order; absent before the first. */
  judged?: JudgedStep[];
  who: string;
  note: string;
  startedAt: number;
  endedAt?: number;
  /** What drain or retire could not finish; reconcile does. */
  leftovers: string[];
}

/** What the workflow of any request answers. */
export interface RequestResult {
  status: ReleaseStatus;
  /** What is live after it. */
  live: Live | null;
}

/** What a release workflow answers. */
export interface ReleaseResult extends RequestResult {
  images: PinnedImage[];
}

/** One line of an environment's memory. */
export interface LedgerEntry {
  release: ReleaseRef;
  /** Absent in what an older version of Spillway remembered: ask `kindOf`. */
  kind?: RequestKind;
  outcome: Outcome;
  why?: string;
  who: string;
  note: string;
  git?: GitState;
  startedAt: number;
  endedAt: number;
  phases: PhaseRecord[];
  images: PinnedImage[];
  messages: MessageRecord[];
  /** How it was judged, in short. */
  judged?: JudgedStep[];
  leftovers: string[];
  /** Of a migration by hand: those it was to apply, or to revert, in that order. */
  migrations?: string[];
  /** What was live when it ended. */
  live: Live | null;
}
