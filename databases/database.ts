import type { Io } from '../domain/host';
import type { Scope } from '../domain/release';
import type { Migrations } from './migrations/migrations';

/** What is needed besides the configuration; secrets are resolved. */
export interface DatabaseContext {
  url: string;
  /** Whose database it is: others may have records in it, too. */
  scope: Scope;
  /** Ids of the releases that the environment's ledger knows; asked only where an older version left its records. */
  releases: (io: Io) => Promise<ReadonlySet<string>>;
  /** Absolute folder of `spillway.yaml`. */
  projectDirectory: string;
  /** Environment of the worker: programs get it, so that they find what they find in a shell. */
  environment: NodeJS.ProcessEnv;
  /** `database.migrations.env`, resolved. */
  variables: Record<string, string>;
  /** Removes secrets from what programs said. */
  redact: (text: string) => string;
}

export interface DatabaseProbe {
  version: string;
  /** Bytes. */
  size: number;
  /** Version of the tools that dump and restore; absent where there are none. */
  tools?: string;
}

/** What differs between kinds of databases, beside the roles that they may lack. */
export interface DatabaseCapabilities {
  /** A migration that fails halfway leaves nothing, because what it did to the schema is rolled back with it. */
  transactionalDdl: boolean;
}

/** A dump that was made and read back. */
export interface Dump {
  /** Paths of all its files: the one that was asked for, and others whose names begin with that and a dot. */
  files: string[];
  /** Bytes of the one that was asked for. */
  size: number;
  /** What was found in it when it was read back, in words: `18 objects`. */
  holds: string;
}

/** How a dump is put back. */
export interface Restore {
  /** Makes the database what it was when it was dumped, or changes nothing. Needs all files of the dump beside `file`. */
  from(file: string, io: Io): Promise<void>;
  /**
   * What keeps a restore from being done (after `down` the pending migrations do not matter), found without changing or
   * locking anything; nothing where the configuration wants none.
   */
  mistakes(io: Io, change?: 'up' | 'down'): Promise<string[]>;
  /** Tries it beside the database; answers what it could try. Absent where it cannot be tried. */
  rehearse?(io: Io): Promise<string>;
}

/**
 * What is backed up and migrated. Every method may be called again after it was interrupted. A kind of database that
 * cannot do something lacks that role.
 */
export interface Database {
  readonly capabilities: DatabaseCapabilities;
  probe(io: Io): Promise<DatabaseProbe>;
  /** Bytes it takes on the server. */
  size(io: Io): Promise<number>;
  /** Dumps into `file`, and files beside it, each by rename, and reads it back to prove it. */
  dump?(file: string, io: Io): Promise<Dump>;
  readonly restore?: Restore;
  /** Absent, too, when the configuration has no migrations. */
  readonly migrations?: Migrations;
  /** Runs the verification command of the configuration, when there is one. */
  verify(io: Io): Promise<void>;
  close(): Promise<void>;
}
