import type { ClientBase } from 'pg';
import type { Io } from '../../../domain/host';
import type { Scope } from '../../../domain/release';
import type { MigrationFile } from '../../migrations/files';
import { isSettled, MigrationRecords, twinRecords, type StoredRecord, type TwinRecord } from './records';
import { claimOlder, type Claim } from './older-claims';
import { readOlder, takeOver } from './older-records';
import { searchedSchemas } from '../session';

export interface Viewer {
  scope: Scope;
  releases: (io: Io) => Promise<ReadonlySet<string>>;
  files: MigrationFile[];
  /** The asking release owns what it applied, even before the ledger knows it. */
  release?: string;
}

export interface RecordsView {
  /** Oldest first. */
  records: StoredRecord[];
  twins: TwinRecord[];
  /** Null when an older version's records were settled before. */
  claim: Claim | null;
  /** Null when the search path leads nowhere. */
  schema: string | null;
}

/** Needs a session that is ours. */
export async function lookAtRecords(client: ClientBase, viewer: Viewer, io: Io): Promise<RecordsView> {
  const searched = await searchedSchemas(client);
  const schema = searched[0] ?? null;
  const twins = await twinRecords(client, viewer.scope);
  const own = await new MigrationRecords(client, viewer.scope).all();
  if (await isSettled(client, viewer.scope)) return { records: own, twins, claim: null, schema };
  const claim = await claimed(client, viewer, searched, io);
  // A person may have added records of this environment by hand; they take precedence.
  const added = claim.taken.map(({ record }) => record).filter(({ name }) => !own.some((each) => each.name === name));
  const records = [...added, ...own].sort((a, b) => a.startedAt - b.startedAt);
  return { records, twins, claim, schema };
}

/** Needs the migration lock. */
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
