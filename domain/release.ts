import type { Approval } from './approvals';
import type { Asked } from './asking';
import type { GitState, RequestKind } from './request';

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

/** All traffic is on the new version by then, and the old one goes. */
export function isPastReturn(phase: string | undefined): boolean {
  return phase === 'drain' || phase === 'retire';
}

export const SLOTS = ['blue', 'green'] as const;
export type Slot = (typeof SLOTS)[number];

/** Each group gets traffic together; `baseline` is the old version's fresh copies during a canary. */
export const GROUPS = [...SLOTS, 'baseline'] as const;
export type Group = (typeof GROUPS)[number];

export function otherSlot(slot: Slot): Slot {
  return slot === 'blue' ? 'green' : 'blue';
}

export interface Scope {
  app: string;
  environment: string;
}

export interface ReleaseRef extends Scope {
  /** Unique for ever, sorts by time: `20261121-101500-1.2.3-k3v9`. */
  id: string;
  /** Holds the title, such as `migrate up`, when this is not a release. */
  version: string;
}

export interface PinnedImage {
  service: string;
  reference: string;
  /** The `sha256:…` image id, or the repository digest when it came from a registry. */
  digest: string;
  /** In bytes. */
  size: number;
  /** Says whose digest it is; absent in images by an older version: ask `originOf`. */
  from?: 'registry' | 'engine';
}

export interface Live {
  slot: Slot;
  version: string;
  releaseId: string;
  images: PinnedImage[];
  /** A hash of version, images, configuration and keyed secret fingerprints. */
  identity: string;
}

/** `not judged` is not a pass, though the release goes on. */
export type Verdict = 'pass' | 'fail' | 'inconclusive' | 'not judged';

/** `high` and `low` are failures; `nodata` and `inconclusive` show nothing. */
export interface MetricVerdict {
  name: string;
  /** `service` is null when it is about all of them together; absent in verdicts by an older version. */
  about?: { kind: 'errors' | 'latency'; service: string | null } | { kind: 'metric' };
  label: 'pass' | 'high' | 'low' | 'nodata' | 'inconclusive';
  critical: boolean;
  /** True when the metric is shown but decides nothing. */
  dryRun?: boolean;
  /** The interval of the ratio (counts, latency) or the shift (values); a null end is open. */
  interval: { lower: number | null; upper: number | null } | null;
  /** The increase in the new version, in the unit of the metric. */
  shift: number | null;
  /** The size of the effect; null when it has none, such as a ratio to zero. */
  deviation: number | null;
  reason: string;
}

export function isWorse({ label, dryRun }: Pick<MetricVerdict, 'label' | 'dryRun'>): boolean {
  return !dryRun && (label === 'high' || label === 'low');
}

/** `failed (3) > failureLimit (2)` is a reason that a person can check. */
export interface Judgement {
  verdict: Verdict;
  reason: string;
  /** The metric that the reason quotes; absent when none decided. */
  decidedBy?: string;
  /** Absent when no metric was compared. */
  metrics?: MetricVerdict[];
}

export interface JudgedStep {
  /** `canary-10`, `approve`, `bake`; the picture has the same name. */
  name: string;
  phase?: Phase;
  share: number;
  judgement: Judgement;
  requests: number;
  picture?: string;
}

/** `refused` ended before there was anything to undo. `migrated` ends only migrations, `removed…` only removals. */
export type Outcome =
  | 'released'
  | 'migrated'
  | 'refused'
  | 'rolled back'
  | 'resolved by hand'
  | 'unchanged'
  | 'terminated'
  | 'removed'
  | 'removed in part';

export interface PhaseRecord {
  phase: Phase;
  state: 'running' | 'done' | 'failed' | 'skipped';
  /** In milliseconds since the epoch. */
  startedAt: number;
  endedAt?: number;
  detail?: string;
}

export interface UndoRecord {
  label: string;
  state: 'pending' | 'running' | 'done' | 'failed';
  failure?: string;
}

export interface MessageRecord {
  name: string;
  who: string;
  why: string;
  at: number;
  /** Says why it was refused; absent when it was accepted. */
  refused?: string;
}

export interface ReleaseStatus {
  release: ReleaseRef;
  /** Absent when an older version began it: ask `kindOf`. */
  kind?: RequestKind;
  state: 'running' | 'paused' | 'undoing' | 'needs a hand' | 'ended';
  outcome?: Outcome;
  /** Says in one sentence why it did not end `released`. */
  why?: string;
  /** Set when it was refused because something that it needs did not answer. */
  unreachable?: true;
  phase: Phase;
  phases: PhaseRecord[];
  undos: UndoRecord[];
  messages: MessageRecord[];
  approvals?: Approval[];
  slot?: Slot;
  live?: Live;
  /** The new slot's share in per cent, as last read back. */
  share: number;
  /** Absent when nothing is asked, and in a status by an older version. */
  asks?: Asked;
  /** `approval by alice or bob within 1 d` */
  waitingFor?: string;
  judgement?: Judgement;
  /** In order; absent before the first. */
  judged?: JudgedStep[];
  who: string;
  note: string;
  startedAt: number;
  endedAt?: number;
  /** Work that drain or retire could not finish; reconcile does it. */
  leftovers: string[];
}

export interface RequestResult {
  status: ReleaseStatus;
  live: Live | null;
}

export interface ReleaseResult extends RequestResult {
  images: PinnedImage[];
}

export interface LedgerEntry {
  release: ReleaseRef;
  /** Absent in entries by an older version: ask `kindOf`. */
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
  judged?: JudgedStep[];
  leftovers: string[];
  migrations?: string[];
  /** The version that was live at the end. */
  live: Live | null;
}
