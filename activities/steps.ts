import type { Services } from '../domain/judging/counters';
import type { AppConfig, Limits } from '../domain/config';
import type { Watched } from '../domain/containers/exits';
import type { Trouble } from '../domain/guard';
import type { LiveState } from '../domain/live-state';
import type { MigrationLook } from '../domain/migration';
import type { Judgement, LedgerEntry, Live, PinnedImage, ReleaseRef, Scope, Slot } from '../domain/release';
import type { Remains, RemovalOptions, Removed } from '../domain/removal';
import type { ReleaseOptions } from '../domain/request';
import type { RouterCapabilities, RouterCounters } from '../domain/router';
import type { CarriedState, SoakState } from '../domain/judging/soak/state';
import type { MigrationStatus } from '../databases/migrations/migrations';

/* Inputs and answers go into a workflow's history: they are small and hold no secrets. */

export interface Step {
  release: ReleaseRef;
  /** Higher than that of every earlier release; absent in releases that an earlier version of Spillway began. */
  generation?: number;
  config: AppConfig;
  /** Absolute folder of `spillway.yaml` on the worker's machine. */
  projectDirectory: string;
}

export interface PreflightCheck {
  name: string;
  ok: boolean;
  detail: string;
  unreachable?: true;
  warning?: true;
}

export interface PreflightReport {
  checks: PreflightCheck[];
  slot: Slot;
  /** The ledger says which version is live, unless the target contradicts it. */
  live: Live | null;
  /** Absent when the target could not be looked at. */
  found?: LiveState;
  pendingMigrations: string[];
  capabilities: RouterCapabilities;
  /** Hash of configuration and keyed secret fingerprints; images come in once they are known. */
  configurationIdentity: string;
}

export interface BuildReport {
  images: PinnedImage[];
  /** Hash of version, image digests and the configuration's identity. */
  identity: string;
  /** A `previous` of null means that the tag was free. */
  tags: { reference: string; previous: string | null }[];
}

export interface BackupReport {
  /** The name is such as `backup_20261121_101500`; it is absent when there is nothing to save. */
  name?: string;
  /** Absent when there is nothing to save. */
  store?: string;
  /** An older version reported the path of its archive. */
  dump?: string;
  /** An older version reported its archive's path on the worker in place of `name` and `store`. */
  file?: string;
  size: number;
  contents: string[];
}

export interface SmokeReport {
  checks: { name: string; ok: boolean; latency: number; detail: string }[];
}

interface TrafficReport {
  /** Per cent. */
  share: number;
  counters: RouterCounters | null;
}

export interface SoakInput extends Step {
  /** Verdicts and pictures name the step by it: `canary-10`, `approve`, `bake`. */
  name: string;
  slot: Slot;
  share: number;
  /** Milliseconds; null means until it is cancelled. */
  soak: number | null;
  /** Milliseconds up to which too little evidence may lengthen the soak. */
  longest: number | null;
  /** Milliseconds of this soak that earlier activities lasted; absent in one that an older version began. */
  spent?: number;
  /** Milliseconds after which it answers as if interrupted, so that one with rarer beats goes on. */
  handOver?: number;
  interval: number;
  limits: Limits;
  /** The version that has the rest of the traffic; null when there is none. */
  beside: Pick<Live, 'version' | 'releaseId'> | null;
  /** Counters when this step began, kept so that a crash neither loses nor doubles evidence. */
  baseline: RouterCounters | null;
  /** Milliseconds since the epoch. */
  startedAt: number;
  carried: CarriedState | null;
  /** Counts of the live version by service, from before it lost its traffic. */
  recorded: Services | null;
  /** Absent in releases that an older version of Spillway began. */
  deployed?: Watched[];
}

export interface SoakReport {
  judgement: Judgement;
  /** True when it ended before its time, for a pause or a promote, or to be handed over. */
  interrupted: boolean;
  /** Milliseconds over all attempts and all activities of this soak. */
  soaked: number;
  requests: number;
  errors: number;
  /** Milliseconds; null without enough evidence. */
  p95: number | null;
  /** Null when this soak could not say. */
  carried: SoakState | null;
  counted: Services | null;
  /** Absolute path on the host; absent when it could not be written. */
  picture?: string;
}

interface DrainReport {
  /** Requests in flight when the cap was reached; null where the router does not count them. */
  left: number | null;
  /** Milliseconds. */
  waited: number;
}

export interface AdoptReport {
  environmentId: string;
  /** Address and namespace; null when no Temporal released here before. */
  before: string | null;
  now: string;
}

export interface SinceHealthy {
  /** Absent before the slot has containers, and in the undo. */
  deployed?: Watched[];
}

interface Pinned {
  /** There is one for each service; absent when images are built, or found by their tags. */
  images?: PinnedImage[];
}

export interface RunRef {
  workflowId: string;
  runId: string;
}

export interface WatchInput extends RunRef {
  until: 'trouble' | 'well';
  /** Answers after so many ms of trouble all the same; null means that it waits for the end. */
  atMost?: number | null;
  /** Answers `'goes on'` after so many ms without trouble, so that a watch with rarer beats goes on. */
  handOver?: number;
}

export interface Activities {
  /** Problems are answers rather than errors. It takes the fence and changes nothing else. */
  preflight(
    input: Step & Pinned & { live: Live | null; options: ReleaseOptions; fence: boolean },
  ): Promise<PreflightReport>;

  buildImages(input: Step & Pinned & { skipBuild: boolean; configurationIdentity: string }): Promise<BuildReport>;
  restoreImages(input: Step): Promise<void>;

  backUp(input: Step & { live: Live | null }): Promise<BackupReport>;

  applyMigrations(input: Step & { names: string[] }): Promise<{ applied: string[] }>;
  /** @param input `dump` is the backup's name or, from an older version, its path */
  revertMigrations(input: Step & { names: string[]; dump: string | null }): Promise<{ reverted: string[] }>;

  /** Runs its jobs, starts the slot, waits until it is healthy, and tells the router without changing its share. */
  deploySlot(
    input: Step & { slot: Slot; images: PinnedImage[]; firstRelease: boolean },
  ): Promise<{ detail: string; deployed?: Watched[] }>;
  /** Drains for a short time, closes what is left, and removes only this release's containers. */
  removeSlot(input: Step & { slot: Slot }): Promise<void>;

  deployBaseline(input: Step & { live: Pick<Live, 'slot' | 'version'> }): Promise<{ detail: string }>;
  removeBaseline(input: Step): Promise<void>;

  smoke(input: Step & SinceHealthy & { slot: Slot; through: 'slot' | 'router' }): Promise<SmokeReport>;

  setTraffic(input: Step & SinceHealthy & { slot: Slot; share: number }): Promise<TrafficReport>;
  /** @param input `back` in the undo: containers that were down stay down, and those that looped may loop */
  moveLiveOnly(input: Step & { to: Slot; back?: Pick<LiveState, 'down' | 'loops'> }): Promise<{ deployed: Watched[] }>;

  soak(input: SoakInput): Promise<SoakReport>;

  drainSlot(input: Step & { slot: Slot; cap: number }): Promise<DrainReport>;
  retire(input: Step & { slot: Slot }): Promise<{ leftovers: string[] }>;

  recordEntry(input: Step & { entry: LedgerEntry }): Promise<void>;
  /** Newest first; `before` is the id of the entry after which to go on. */
  readLedger(input: { scope: Scope; config: AppConfig; before?: string; limit: number }): Promise<LedgerEntry[]>;

  /** Answers 0 when the environment was never taken, or only by an earlier version of Spillway. */
  readGeneration(input: { scope: Scope; config: AppConfig }): Promise<number>;

  reconcile(input: Step & { live: Live | null }): Promise<{ did: string[] }>;

  adoptEnvironment(input: Step & { force: boolean }): Promise<AdoptReport>;

  /** Lists what a removal would remove; changes nothing. */
  lookAtRemains(input: Step & { options: RemovalOptions }): Promise<Remains | { problem: string }>;
  /** Takes the fence, lists what is to go, and notes what could not be found a second time. */
  beginRemoval(input: Step & { options: RemovalOptions }): Promise<Remains>;
  removeRoutes(input: Step): Promise<Removed>;
  /** Removes containers, and then the network. */
  removeGroups(input: Step): Promise<Removed>;
  /** @param input `names` of images that nobody else used; those that somebody uses by now stay */
  removeImages(input: Step & { names: string[] }): Promise<Removed>;
  removeVolumes(input: Step & { names: string[] }): Promise<Removed>;
  removeBackups(input: Step): Promise<Removed>;
  /** Writes the entry, and moves all that the environment kept into the archive. */
  setStateAside(input: Step & { entry: LedgerEntry }): Promise<void>;

  lookAtLive(input: { scope: Scope; config: AppConfig; live: Live }): Promise<Pick<LiveState, 'condition' | 'detail'>>;

  /** Answers null when all is well, or the release has ended. */
  watchRelease(input: WatchInput): Promise<Trouble | 'goes on' | null>;
  /** Terminates a release, unless it goes on by now. */
  terminateRelease(input: RunRef & { why: string }): Promise<{ ended: boolean }>;

  migrationStatus(input: Omit<Step, 'release'> & { release: Scope }): Promise<MigrationStatus>;
  checkMigrations(
    input: Omit<Step, 'release'> & { release: Scope; change?: 'up' | 'down' },
  ): Promise<Pick<MigrationLook, 'mistakes' | 'restore' | 'warnings' | 'notes'>>;
  checkBaseline(
    input: Omit<Step, 'release'> & { release: Scope; names: string[] },
  ): Promise<Pick<MigrationLook, 'mistakes' | 'notes'>>;
  /** Records them as applied, and runs none. */
  markMigrations(input: Step & { names: string[] }): Promise<{ marked: string[] }>;
  forgetMigrations(input: Step & { names: string[] }): Promise<void>;
  /** Makes the steps of every earlier release do nothing from now on. */
  takeFence(input: Step): Promise<void>;
  /** Reverts the applied ones among them, newest first, whoever applied them. */
  downMigrations(input: Step & { names: string[] }): Promise<{ reverted: string[] }>;
  reapplyMigrations(input: Step & { names: string[]; dump: string | null }): Promise<{ applied: string[] }>;
}
