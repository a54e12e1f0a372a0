import type { Io } from '../../domain/host';

export interface MigrationStatus {
  /** In the order in which they were applied. */
  applied: string[];
  /** In the order in which they would be. */
  pending: string[];
  /** Records of an older version that were left to others, as `TABLE: NAME`; absent when there are none. */
  unclaimed?: string[];
}

/** How a database is migrated: by files of its own language, or by the team's own command. */
export interface Migrations {
  status(io: Io): Promise<MigrationStatus>;
  /** Mistakes found without applying anything: a missing down file, bad names, a changed applied file. */
  check(io: Io): Promise<string[]>;
  /**
   * Applies these, in order; answers those it applied now. Those that `release` (an id) has applied already are skipped,
   * one that another has applied is a failure.
   */
  up(names: string[], release: string, io: Io): Promise<string[]>;
  /** Reverts those of these that `release` applied (null: whoever applied them), newest first; answers them. */
  down(names: string[], release: string | null, io: Io): Promise<string[]>;
  /** Names of those that `release` (an id) applied, oldest first; undefined when the team's own tool does not tell. */
  appliedBy(release: string, io: Io): Promise<string[] | undefined>;
}
