import type { Io } from '../domain/host';
import type { MigrationStatus } from './database';

/** One way of migrating a database: SQL files, or the team's own command. */
export interface Migrations {
  status(io: Io): Promise<MigrationStatus>;
  check(io: Io): Promise<string[]>;
  up(names: string[], release: string, io: Io): Promise<string[]>;
  appliedBy(release: string, io: Io): Promise<string[] | undefined>;
  down(names: string[], release: string | null, io: Io): Promise<string[]>;
}
