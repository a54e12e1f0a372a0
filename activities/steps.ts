import type { Services } from '../domain/judging/counters';
import type { AppConfig, Limits } from '../domain/config';
import type { Watched } from '../domain/containers/exits';
import type { Trouble } from '../domain/guard';
import type { LiveState } from '../domain/live-state';
import type { Judgement, LedgerEntry, Live, PinnedImage, ReleaseRef, Scope, Slot } from '../domain/release';
import type { ReleaseOptions } from '../domain/request';
import type { RouterCapabilities, RouterCounters } from '../domain/router';
import type { CarriedState, SoakState } from '../domain/judging/soak/state';
import type { MigrationStatus } from '../databases/migrations/migrations';

/*
 * What workflows may ask of workers: names, inputs and answers of every activity. One object each, small enough for a
 * history, without secrets. The implementation of each stands in the file of its phase.
 */

/** What every step is told. */
export interface Step {
  release: ReleaseRef;
  /**
   * With which the release takes its environment: higher than that of every release before it. Absent in releases that an
   * earlier version of Spillway began.
   */
  generation?: number;
  config: AppConfig;
  /** Absolute folder of `spillway.yaml` on the worker's machine. */
  projectDirectory: string;
}

export interface PreflightCheck {
  name: string;
  ok: boolean;
  /** What was expected, seen, and what to do when it is not ok. */
  detail: string;
  /** It failed because something does not answer: another try may go well. */
  unreachable?: true;
  /** It is ok, but whoever releases should know what it found. */
  warning?: true;
}

export interface PreflightReport {
  checks: PreflightCheck[];
  /** The slot the new version will run in. */
  slot: Slot;
  /** What is live: the ledger's word, unless the target contradicts it. */
  live: Live | null;
  /** What became of it; absent when the target could not be looked at. */
  found?: LiveState;
  /** In the order in which they would be applied. */
  pendingMigrations: string[];
  capabilities: RouterCapabilities;
  /** Hash of configuration and keyed secret fingerprints; images come in once they are known. */
  configurationIdentity: string;
}

export interface BuildReport {
  images: PinnedImage[];
  /** Hash of version, image digests and the configuration's identity. */
  identity: string;
  /** Tags this release moved or made, and the digest each stood for before (null: it was free). */
  tags: { reference: string; previous: string | null }[];
}

export interface BackupReport {
  /** What it is called in the store, such as `backup_20261121_101500`; absent when there is nothing to save. */
  name?: string;
  /** The store, in words; absent when there is nothing to save. */
  store?: string;
  /** The name once more, when it holds a dump of the database. An older version reported a path, here as in `file`. */
  dump?: string;
  /** In place of `name` and `store` in what an older version reported: the path of its archive on its worker. */
  file?: string;
  size: number;
  /** What it holds, in words. */
  contents: string[];
}

export interface SmokeReport {
  checks: { name: string; ok: boolean; latency: number; detail: string }[];
}

export interface TrafficReport {
  /** Share of `slot` in per cent, as read back. */
  share: number;
  /** Counters just after, as they are compared: what follows counts from here. */
  counters: RouterCounters | null;
}

export interface SoakInput extends Step {
  /** `canary-10`, `approve`, `bake`: what this step is called in verdicts and pictures. */
  name: string;
  slot: Slot;
  share: number;
  /** Milliseconds; null: until it is cancelled. */
  soak: number | null;
  /** Milliseconds up to which too little evidence may lengthen it. */
  longest: number | null;
  interval: number;
  limits: Limits;
  /** The version that has the rest of the traffic, with which it is compared; null when there is none. */
  beside: Pick<Live, 'version' | 'releaseId'> | null;
  /**
   * Counters when this step began; stands here so that a crash neither loses nor doubles evidence. Workers of different
   * versions share this name, so it stays.
   */
  baseline: RouterCounters | null;
  /** When this soak began, ms since the epoch, for the same reason. */
  startedAt: number;
  /** What the soak before knew, of this step or of another. */
  carried: CarriedState | null;
  /** What was counted of the live version, by service, before it lost its traffic. */
  recorded: Services | null;
  /** How its containers ran when they were healthy; absent in what an older version of Spillway began. */
  deployed?: Watched[];
}

export interface SoakReport {
  judgement: Judgement;
  /** True when it was cancelled before its end, for a pause or a promote. */
  interrupted: boolean;
  /** Milliseconds soaked, over all attempts. */
  soaked: number;
  requests: number;
  errors: number;
  /** Milliseconds; null without enough evidence. */
  p95: number | null;
  /** What the next soak goes on with; null when this one could not say. */
  carried: SoakState | null;
  /** What was counted of the version beside since the step began, by service. */
  counted: Services | null;
  /** Absolute path on the host; absent when it could not be written. */
  picture?: string;
}

export interface DrainReport {
  /** Still in flight when the cap was reached; null where the router does not know. */
  left: number | null;
  /** Milliseconds. */
  waited: number;
}

/** Which Temporal released in an environment before, and which one does now. */
export interface AdoptReport {
  environmentId: string;
  /** Address and namespace; null when nobody did. */
  before: string | null;
  now: string;
}

/** What a step is told of the containers of its slot, all of which must have run since they were healthy. */
export interface SinceHealthy {
  /** Absent before there were any, and in the undo. */
  deployed?: Watched[];
}

/** What a step is told of the images that were pinned by whoever asked. */
interface Pinned {
  /** One for each service; absent when they are built, or found by their tags. */
  images?: PinnedImage[];
}

/** One run of a release in Temporal. */
export interface RunRef {
  workflowId: string;
  runId: string;
}

export interface WatchInput extends RunRef {
  /** Whether it is watched until something is wrong, or until all is well again. */
  until: 'trouble' | 'well';
  /** Milliseconds of trouble after which it answers all the same; null: as long as it lasts. */
  atMost?: number | null;
}

export interface Activities {
  /** Tries everything that can be known to fail, takes the fence, and changes nothing else. Bad news is data. */
  preflight(
    input: Step & Pinned & { live: Live | null; options: ReleaseOptions; fence: boolean },
  ): Promise<PreflightReport>;

  buildImages(input: Step & Pinned & { skipBuild: boolean; configurationIdentity: string }): Promise<BuildReport>;
  /** Undo of build. */
  restoreImages(input: Step): Promise<void>;

  backUp(input: Step & { live: Live | null }): Promise<BackupReport>;

  /** Applies these, then runs the verification. */
  applyMigrations(input: Step & { names: string[] }): Promise<{ applied: string[] }>;
  /**
   * Undo of migrate: reverts those of these that are applied, or restores the dump if so configured.
   * @param input `dump` is the backup that has it, as it was reported
   */
  revertMigrations(input: Step & { names: string[]; dump: string | null }): Promise<{ reverted: string[] }>;

  /** Runs its jobs to their end, starts the slot, waits until healthy, and tells the router where it is (share unchanged). */
  deploySlot(
    input: Step & { slot: Slot; images: PinnedImage[]; firstRelease: boolean },
  ): Promise<{ detail: string; deployed?: Watched[] }>;
  /** Undo of deploy. Drains for a short time, closes what is left, removes this release's containers of the slot. */
  removeSlot(input: Step & { slot: Slot }): Promise<void>;

  /** Starts copies of what is live, waits until healthy, and tells the router where they are; they get no traffic by that. */
  deployBaseline(input: Step & { live: Pick<Live, 'slot' | 'version'> }): Promise<{ detail: string }>;
  /** Undo of it. Drains for a short time, closes what is left, removes the copies that this release made. */
  removeBaseline(input: Step): Promise<void>;

  smoke(input: Step & SinceHealthy & { slot: Slot; through: 'slot' | 'router' }): Promise<SmokeReport>;

  /** Gives `slot` this share, raising before lowering, and reads it back. */
  setTraffic(input: Step & SinceHealthy & { slot: Slot; share: number }): Promise<TrafficReport>;
  /**
   * Starts the `live-only` services of a slot, after those of the other slot have stopped, and waits until they are healthy.
   * @param input `back` in the undo: what did not run before the release is left so, and what looped may loop again
   */
  moveLiveOnly(input: Step & { to: Slot; back?: Pick<LiveState, 'down' | 'loops'> }): Promise<{ deployed: Watched[] }>;

  soak(input: SoakInput): Promise<SoakReport>;

  drainSlot(input: Step & { slot: Slot; cap: number }): Promise<DrainReport>;
  /** Stops the old slot and its fresh baseline, and prunes; answers what it could not finish. */
  retire(input: Step & { slot: Slot }): Promise<{ leftovers: string[] }>;

  /** Keeps an entry outside Temporal. */
  recordEntry(input: Step & { entry: LedgerEntry }): Promise<void>;
  /** Newest first; `before` is the id of the entry after which to go on. */
  readLedger(input: { scope: Scope; config: AppConfig; before?: string; limit: number }): Promise<LedgerEntry[]>;

  /** With which generation the environment was taken last; 0 when it never was, or by an earlier version of Spillway. */
  readGeneration(input: { scope: Scope; config: AppConfig }): Promise<number>;

  /** Makes the target agree with what the ledger says is live: all traffic there, nothing of any other release. */
  reconcile(input: Step & { live: Live | null }): Promise<{ did: string[] }>;

  /** Makes this worker's Temporal the one that releases here, and changes nothing else. */
  adoptEnvironment(input: Step & { force: boolean }): Promise<AdoptReport>;

  /** Says what became of the live version; changes nothing. */
  lookAtLive(input: { scope: Scope; config: AppConfig; live: Live }): Promise<Pick<LiveState, 'condition' | 'detail'>>;

  /** Answers what keeps a release from going on; null when all is well, or it has ended. */
  watchRelease(input: WatchInput): Promise<Trouble | null>;
  /** Terminates a release, unless it goes on by now. */
  terminateRelease(input: RunRef & { why: string }): Promise<{ ended: boolean }>;

  /* Migrations by hand. */

  /** Changes nothing. */
  migrationStatus(input: Omit<Step, 'release'> & { release: Scope }): Promise<MigrationStatus>;
  /** Mistakes found without applying anything: in the pending migrations, and in what a restore after `change` would need. */
  checkMigrations(
    input: Omit<Step, 'release'> & { release: Scope; change?: 'up' | 'down' },
  ): Promise<{ mistakes: string[]; restore?: string[] }>;
  /** From now on the steps of every release before it do nothing. */
  takeFence(input: Step): Promise<void>;
  /** Reverts those of these that are applied, whoever applied them, newest first; then runs the verification. */
  downMigrations(input: Step & { names: string[] }): Promise<{ reverted: string[] }>;
  /** Undo of it: applies those of these again that are reverted, or restores the dump if so configured. */
  reapplyMigrations(input: Step & { names: string[]; dump: string | null }): Promise<{ applied: string[] }>;
}
