import type { ClientBase } from 'pg';
import type { Io } from '../../../domain/host';
import type { Scope } from '../../../domain/release';
import type { MigrationFile } from '../../migrations/files';
import { isSettled, MigrationRecords, twinRecords, type StoredRecord, type TwinRecord } from './records';
import { claimOlder, type Claim } from './older-claims';
import { readOlder, takeOver } from './older-records';
import { searchedSchemas } from '../session';

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
  records: StoredRecord[];
  /** Records of others that may be of the same migrations. */
  twins: TwinRecord[];
  /** What it claims of an older version's records; null when that was settled before. */
  claim: Claim | null;
  /** Where unqualified names are created; null when the search path leads nowhere. */
  schema: string | null;
}

/** Looks, and changes nothing. The session must be ours. */
export async function lookAtRecords(client: ClientBase, viewer: Viewer, io: Io): Promise<RecordsView> {
  const searched = await searchedSchemas(client);
  const schema = searched[0] ?? null;
  const twins = await twinRecords(client, viewer.scope);
  const own = await new MigrationRecords(client, viewer.scope).all();
  if (await isSettled(client, viewer.scope)) return { records: own, twins, claim: null, schema };
  const claim = await claimed(client, viewer, searched, io);
  // A person may have written records of its own beforehand: they say nothing about the others, and they count.
  const added = claim.taken.map(({ record }) => record).filter(({ name }) => !own.some((each) => each.name === name));
  const records = [...added, ...own].sort((a, b) => a.startedAt - b.startedAt);
  return { records, twins, claim, schema };
}

/** Takes over for good what the environment claims of an older version's records. Needs the lock. */
export async function settleRecords(client: ClientBase, scope: Scope, { claim }: RecordsView, io: Io): Promise<void> {
  if (!claim) return;
  const names = claim.taken.map(({ record }) => record.name);
  if (names.length > 0) io.onProgress(`taking over the records of ${names.join(', ')}`);
  await takeOver(client, scope, claim);
}

async function claimed(client: ClientBase, viewer: Viewer, searched: string[], io: Io): Promise<Claim> {
  const tables = await readOlder(client);
  const isEmpty = tables.every(({ records, readable }) => readable && records.length === 0);
  const releases = new Set(isEmpty ? [] : await viewer.releases(io));
  if (viewer.release) releases.add(viewer.release);
  const checksums = new Map(viewer.files.map(({ name, checksum }) => [name, checksum]));
  return claimOlder(tables, { releases, checksums, searched });
}
