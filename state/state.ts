import type { Claimant, Holder } from '../domain/fence';
import type { Io } from '../domain/host';
import type { LedgerEntry } from '../domain/release';

/** What one environment keeps outside Temporal, wherever that lies: it outlives Temporal, workers and releases. */
export interface State {
  readonly fence: Fence;
  readonly ledger: Ledger;
  readonly documents: Documents;
}

/** Says which release has the environment, so that a late step of any other does nothing. */
export interface Fence {
  /** Where a person finds it. */
  readonly place: string;
  /** Undefined while nobody has taken the environment. */
  holder(io: Io): Promise<Holder | undefined>;
  /**
   * Takes the environment. A release that holds it already has succeeded.
   *
   * @throws OutdatedFailure when a release that began later holds it.
   */
  take(claimant: Claimant, io: Io): Promise<void>;
  /** @throws OutdatedFailure when another release holds the environment, or nobody does. */
  expectHeld(claimant: Claimant, io: Io): Promise<void>;
}

/** Every release of the environment, and how it ended. */
export interface Ledger {
  /** One entry a release, however often it is written. */
  write(entry: LedgerEntry, io: Io): Promise<void>;
  /** Undefined when the ledger does not know the release. */
  find(releaseId: string, io: Io): Promise<LedgerEntry | undefined>;
  /** Ids of all releases that it knows. */
  ids(io: Io): Promise<ReadonlySet<string>>;
  /** Newest first, after the release `before`. Fewer than asked for when they would be too large for one answer. */
  page(wanted: { before?: string; limit: number }, io: Io): Promise<LedgerEntry[]>;
}

/**
 * Small texts with names such as `live.json` or `reports/RELEASE/bake.svg`. This is all that a new place has to
 * implement: fence and ledger are made of it.
 */
export interface Documents {
  /** Where a person finds it. */
  placeOf(name: string): string;
  /** Undefined when there is none. */
  read(name: string, io: Io): Promise<string | undefined>;
  /** Whatever stood there: a reader sees the old text or the new one, never a part. */
  write(name: string, text: string, io: Io): Promise<void>;
  /**
   * Writes `by` if the document still holds `seen` (undefined: there is none), and answers whether it did. Nobody else
   * gets between the two, and a caller that dies at any moment holds up nobody after it. Line ends at the end of the
   * texts do not count in the comparison.
   */
  replace(name: string, change: { seen: string | undefined; by: string }, io: Io): Promise<boolean>;
  /** Names that stand directly in a folder, sorted; `''` is the environment's own. */
  list(folder: string, io: Io): Promise<string[]>;
  /** Removes a document, or a folder with all that is in it. Nothing to remove is fine. */
  remove(name: string, io: Io): Promise<void>;
}
