import type { ClientBase } from 'pg';
import type { Io } from '../../domain/host';
import type { MigrationStatus } from '../database';
import type { Claim } from '../postgres/migrations/older-claims';

/** One way of migrating a database: SQL files, or the team's own command. */
export interface Migrations {
  status(io: Io): Promise<MigrationStatus>;
  check(io: Io): Promise<string[]>;
  up(names: string[], release: string, io: Io): Promise<string[]>;
  appliedBy(release: string, io: Io): Promise<string[] | undefined>;
  /** What of an older version's records is still to be taken over; null where nothing ever is, or all of it was. */
  claim(client: ClientBase, io: Io): Promise<Claim | null>;
  down(names: string[], release: string | null, io: Io): Promise<string[]>;
}
