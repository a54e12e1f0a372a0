import type { Readable } from 'node:stream';
import type { Io } from '../domain/host';

export interface Storing {
  /** Begins with `backup_`, then letters, digits, `.`, `_` and `-`. */
  name: string;
  content: Readable;
  /** Reads the stored bytes back; when it fails, nothing is stored. */
  prove?: (stored: Readable) => Promise<unknown>;
}

/** All workers see one place. Methods may be called again after interruptions. */
export interface Store {
  /** A name for messages: `the folder /var/lib/spillway/state/shop/production/backups`. */
  readonly place: string;
  /** Tells a person, as an order, what to do when workers do not see the same place. */
  readonly sharing: string;
  /** Answers the free bytes; absent when nobody can tell. */
  free?(io: Io): Promise<number>;
  /**
   * Stores content once it is whole and proved; until then nobody finds it.
   *
   * @throws BackupFailure when there is no room.
   */
  put(storing: Storing, io: Io): Promise<void>;
  open(name: string, io: Io): Promise<Readable | undefined>;
  /** Answers bytes by name, oldest name first, without incomplete files. */
  list(io: Io): Promise<Map<string, number>>;
  /** Succeeds when it is gone already. */
  remove(name: string, io: Io): Promise<void>;
  /** Removes the leftovers of interrupted tries. */
  tidy(io: Io): Promise<void>;
}
