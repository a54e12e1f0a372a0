import type { Readable } from 'node:stream';
import type { Io } from '../domain/host';

/** Something to be stored. */
export interface Storing {
  /** Begins with `backup_`; then letters, digits, `.`, `_` and `-`. */
  name: string;
  content: Readable;
  /** Reads back what was stored; when it fails, nothing is stored. */
  prove?: (stored: Readable) => Promise<unknown>;
}

/**
 * Where the backups of one environment lie: one place, whichever worker looks. Every method may be called again after it
 * was interrupted.
 */
export interface Store {
  /** What it is called in messages: `the folder /var/lib/spillway/state/shop/production/backups`. */
  readonly place: string;
  /** What a person sees to when workers do not see the same, as an order. */
  readonly sharing: string;
  /** Bytes that can still be stored; absent where nobody can tell. */
  free?(io: Io): Promise<number>;
  /**
   * Stores something under its name once all of it was written and proved, in place of what had the name; until then,
   * and when that fails, nobody finds it.
   *
   * @throws BackupFailure when there is no room.
   */
  put(storing: Storing, io: Io): Promise<void>;
  /** Reads something from its beginning; undefined when it is not there. */
  open(name: string, io: Io): Promise<Readable | undefined>;
  /** Bytes of what is there, by name, oldest name first; what is not whole is left out. */
  list(io: Io): Promise<Map<string, number>>;
  /** Removes what is there; what is gone already is no mistake. */
  remove(name: string, io: Io): Promise<void>;
  /** Removes what interrupted tries left. */
  tidy(io: Io): Promise<void>;
}
