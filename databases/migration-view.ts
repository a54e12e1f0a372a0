import type { ClientBase } from 'pg';
import type { Io } from '../domain/host';
import type { Scope } from '../domain/release';
import type { MigrationFile } from './migration-files';
import { MigrationRecords, twinRecords, type MigrationRecord, type TwinRecord } from './migration-records';
import { claimOlder, type Claim } from './older-claims';
import { readOlder, takeOver } from './older-records';
import { searchedSchemas } from './postgres-session';

/** Who looks at the records of a database. */
export interface Viewer {
  scope: Scope;
  /** Ids of the releases that the environment's ledger knows; asked only where an older version left records. */
  releases: (io: Io) => Promise<ReadonlySet<string>>;
  files: MigrationFile[];
  /** The release that asks: what it has applied is its own, though its ledger does not know it yet. */
  release?: string;
}

/** What an environment knows of its migrations, wherever an older version may have put it. */
export interface RecordsView {
  /** Oldest first. */
  records: MigrationRecord[];
  /** Records of others that may be of the same migrations. */
  twins: TwinRecord[];
  /** Whose older records cannot be told, and how a person settles it. */
  mistakes: string[];
  /** Older records that were left to others: `TABLE: NAME`. */
  unclaimed: string[];
  /** Where unqualified names are created; null when the search path leads nowhere. */
  schema: string | null;
}

const NO_CLAIM: Claim = { taken: [], doubled: [], mistakes: [], unclaimed: [] };

/** Looks, and changes nothing. The session must be ours. */
export async function lookAtRecords(client: ClientBase, viewer: Viewer, io: Io): Promise<RecordsView> {
  return (await look(client, viewer, io)).view;
}

/** Looks, and takes over for good what an older version left to this environment. Needs the lock. */
export async function openRecords(client: ClientBase, viewer: Viewer, io: Io): Promise<RecordsView> {
  const { view, claim } = await look(client, viewer, io);
  if (claim.taken.length > 0) {
    io.onProgress(`taking over the records of ${claim.taken.map(({ record }) => record.name).join(', ')}`);
    await takeOver(client, viewer.scope, claim);
  }
  return view;
}

async function look(client: ClientBase, viewer: Viewer, io: Io): Promise<{ view: RecordsView; claim: Claim }> {
  const searched = await searchedSchemas(client);
  const schema = searched[0] ?? null;
  const own = await new MigrationRecords(client, viewer.scope).all();
  // Whoever has records of its own has taken over what was its, or came later.
  const claim = own.length > 0 ? NO_CLAIM : await claimed(client, viewer, searched, io);
  const taken = claim.taken.map(({ record }) => record).sort((a, b) => a.startedAt - b.startedAt);
  const twins = await twinRecords(client, viewer.scope, schema);
  const { mistakes, unclaimed } = claim;
  return { view: { records: own.length > 0 ? own : taken, twins, mistakes, unclaimed, schema }, claim };
}

async function claimed(client: ClientBase, viewer: Viewer, searched: string[], io: Io): Promise<Claim> {
  const tables = await readOlder(client);
  if (tables.every(({ records, readable }) => readable && records.length === 0)) return NO_CLAIM;
  const releases = new Set(await viewer.releases(io));
  if (viewer.release) releases.add(viewer.release);
  const checksums = new Map(viewer.files.map(({ name, checksum }) => [name, checksum]));
  return claimOlder(tables, { releases, checksums, searched });
}
