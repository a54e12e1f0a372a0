import type { Io } from '../domain/host';
import type { Scope } from '../domain/release';
import type { Migrations } from './migrations/migrations';

export interface DatabaseContext {
  url: string;
  /** Absent when backups are made by `url`. */
  backupUrl?: string;
  /** Others may have records in the same database. */
  scope: Scope;
  /** Answers the ids of the releases in the environment's ledger; asked only where an older version left records. */
  releases: (io: Io) => Promise<ReadonlySet<string>>;
  projectDirectory: string;
  environment: NodeJS.ProcessEnv;
  /** `database.migrations.env`, resolved. */
  variables: Record<string, string>;
  redact: (text: string) => string;
}

export interface DatabaseProbe {
  version: string;
  /** In bytes. */
  size: number;
  /** The version of the tools that dump and restore; absent when there are none. */
  tools?: string;
  /** Why a backup would fail; absent when it would not. */
  mistakes?: string[];
}

interface DatabaseCapabilities {
  /** True when a migration that fails halfway is rolled back with all its changes of the schema. */
  transactionalDdl: boolean;
}

export interface Dump {
  /** Paths of all its files: the requested one, and others whose names begin with that and a dot. */
  files: string[];
  /** The size of the requested file in bytes. */
  size: number;
  /** In words: `18 objects`. */
  holds: string;
}

export interface Restore {
  /** Restores the whole database or changes nothing. All files of the dump must lie beside `file`. */
  from(file: string, io: Io): Promise<void>;
  /** Answers what would prevent a restore, without locks; after `down`, pending migrations do not matter. */
  mistakes(io: Io, change?: 'up' | 'down'): Promise<string[]>;
  /** Tries a restore beside the database and says what it tried; absent when it cannot be tried. */
  rehearse?(io: Io): Promise<string>;
}

/** A database to back up and migrate. Every method may be called again after an interruption. */
export interface Database {
  readonly capabilities: DatabaseCapabilities;
  probe(io: Io): Promise<DatabaseProbe>;
  /** In bytes. */
  size(io: Io): Promise<number>;
  /** Dumps by rename into `file` and files beside it, and reads the dump back to prove it. */
  dump?(file: string, io: Io): Promise<Dump>;
  readonly restore?: Restore;
  /** Absent when the configuration has no migrations. */
  readonly migrations?: Migrations;
  verify(io: Io): Promise<void>;
  close(): Promise<void>;
}
