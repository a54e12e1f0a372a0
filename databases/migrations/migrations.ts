import type { Io } from '../../domain/host';

export interface MigrationStatus {
  applied: string[];
  pending: string[];
  /** Records of an older version that were left to others, as `TABLE: NAME`; absent when there are none. */
  unclaimed?: string[];
}

/** What people should know before migrations are applied, though nothing has to be put right. */
export interface MigrationRemarks {
  warnings: string[];
  notes: string[];
}

/** Adopts a database that has its schema already: it changes records, and runs nothing. */
export interface Baseline {
  /** Answers what contradicts that these are applied. */
  mistakes(names: string[], io: Io): Promise<string[]>;
  /** Records all of them as applied, or none. */
  mark(names: string[], release: string, io: Io): Promise<void>;
  /** Forgets those that `release` has recorded. */
  forget(names: string[], release: string, io: Io): Promise<void>;
}

export interface Migrations {
  status(io: Io): Promise<MigrationStatus>;
  check(io: Io): Promise<string[]>;
  /** Absent when there is nothing to say about a team's own tool. */
  remarks?(io: Io): Promise<MigrationRemarks>;
  /** Answers those it applied now. It fails when a release other than `release` has applied one. */
  up(names: string[], release: string, io: Io): Promise<string[]>;
  /** Reverts, newest first, what `release` applied (null: any release), and answers that. */
  down(names: string[], release: string | null, io: Io): Promise<string[]>;
  /** Absent where a team's own tool keeps the records. */
  readonly baseline?: Baseline;
  /** Answers what `release` applied, oldest first; undefined when the team's own tool does not say. */
  appliedBy(release: string, io: Io): Promise<string[] | undefined>;
}
