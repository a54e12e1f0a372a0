import type { Claimant, Holder } from '../domain/fence';
import type { Io } from '../domain/host';
import type { LedgerEntry } from '../domain/release';

/** Keeps what an environment needs outside Temporal, so that it outlives Temporal, workers and releases. */
export interface State {
  readonly fence: Fence;
  readonly ledger: Ledger;
  readonly documents: Documents;
  readonly archive: Archive;
}

/** Lets a step do nothing when another release has the environment by now. */
export interface Fence {
  readonly place: string;
  holder(io: Io): Promise<Holder | undefined>;
  /** @throws OutdatedFailure when a release that began later holds it. */
  take(claimant: Claimant, io: Io): Promise<void>;
  /** @throws OutdatedFailure when another release holds the environment, or nobody does. */
  expectHeld(claimant: Claimant, io: Io): Promise<void>;
}

export interface Ledger {
  /** Writing a release's entry again replaces it. */
  write(entry: LedgerEntry, io: Io): Promise<void>;
  find(releaseId: string, io: Io): Promise<LedgerEntry | undefined>;
  ids(io: Io): Promise<ReadonlySet<string>>;
  /** Newest first; fewer than `limit` when they would be too large for one answer. */
  page(wanted: { before?: string; limit: number }, io: Io): Promise<LedgerEntry[]>;
}

/** Keeps what environments that were removed have left. */
export interface Archive {
  /** Where the documents lie once this removal has ended. */
  placeOf(id: string): string;
  has(id: string, io: Io): Promise<boolean>;
  /** Moves all documents there, the fence last; may be called again after an interruption. */
  take(id: string, io: Io): Promise<void>;
  /** Answers those of all removals of the environment, newest first. */
  all(io: Io): Promise<Documents[]>;
}

/** Keeps small texts such as `live.json` or `reports/RELEASE/bake.svg`. A new place implements only this. */
export interface Documents {
  placeOf(name: string): string;
  read(name: string, io: Io): Promise<string | undefined>;
  /** A reader sees the old text or the new one, never a part. */
  write(name: string, text: string, io: Io): Promise<void>;
  /**
   * Writes `by` atomically if the document still holds `seen`, and answers true then. `seen` undefined means that there
   * is none; trailing line ends do not count. A caller that dies must not block others.
   */
  replace(name: string, change: { seen: string | undefined; by: string }, io: Io): Promise<boolean>;
  /** Answers the sorted names directly in a folder; `''` is the environment's own. */
  list(folder: string, io: Io): Promise<string[]>;
  remove(name: string, io: Io): Promise<void>;
}
