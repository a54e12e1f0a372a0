import type { Io } from '../domain/host';

export interface DatabaseProbe {
  version: string;
  /** Bytes. */
  size: number;
  /** Version of the tools that dump and restore. */
  tools: string;
}

export interface Dump {
  file: string;
  /** Bytes. */
  size: number;
  sha256: string;
  /** Objects found when it was read back. */
  entries: number;
}

export interface MigrationStatus {
  /** In the order in which they were applied. */
  applied: string[];
  /** In the order in which they would be. */
  pending: string[];
  /** Records of an older version that were left to others, as `TABLE: NAME`; absent when there are none. */
  unclaimed?: string[];
}

/** What is backed up and migrated. Every method may be called again after it was interrupted. */
export interface Database {
  probe(io: Io): Promise<DatabaseProbe>;
  /** Bytes it takes on the server. */
  size(io: Io): Promise<number>;
  /** Dumps into `file`, and what the database held into its `catalogueFile` (both by rename), and reads it back to prove it. */
  dump(file: string, io: Io): Promise<Dump>;
  /** Makes the database what it was when it was dumped, or changes nothing. Needs the `catalogueFile` beside `file`. */
  restore(file: string, io: Io): Promise<void>;
  /** What keeps a restore from being done (after `down` the pending migrations do not matter), found without changing or locking anything; nothing where none would be done. */
  restoreMistakes(io: Io, change?: 'up' | 'down'): Promise<string[]>;
  /** Tries a restore without data and beside the database; answers what it could try. */
  rehearseRestore(io: Io): Promise<string>;
  /** Undefined when the configuration has no migrations. */
  migrationStatus(io: Io): Promise<MigrationStatus | undefined>;
  /** Mistakes found without applying anything: a missing down file, bad names, a changed applied file. */
  checkMigrations(io: Io): Promise<string[]>;
  /**
   * Applies these, in order, each in a transaction with its record; answers those it applied now. Those that `release`
   * (an id) has applied already are skipped, one that another has applied is a failure.
   */
  migrateUp(names: string[], release: string, io: Io): Promise<string[]>;
  /** Reverts those of these that `release` applied (null: whoever applied them), newest first; answers them. */
  migrateDown(names: string[], release: string | null, io: Io): Promise<string[]>;
  /** Names of those that `release` (an id) applied, oldest first; undefined when the team's own tool does not tell. */
  appliedBy(release: string, io: Io): Promise<string[] | undefined>;
  /** Runs the verification command of the configuration, when there is one. */
  verify(io: Io): Promise<void>;
  close(): Promise<void>;
}

/** Path of the file beside a dump that says what the database held: a restore is compared with it. */
export function catalogueFile(dump: string): string {
  return `${dump}.catalogue.json`;
}
