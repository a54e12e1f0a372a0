import type { StoredRecord } from './records';

/** A table of records by an older version, which knew no apps and put it wherever the search path led. */
export interface OlderTable {
  schema: string;
  table: string;
  /** Empty when this role may not read them. */
  records: StoredRecord[];
  readable: boolean;
}

interface Claimant {
  releases: ReadonlySet<string>;
  checksums: ReadonlyMap<string, string>;
  searched: string[];
}

export interface Claim {
  taken: { table: OlderTable; record: StoredRecord }[];
  /** Further records of the same migrations, which are removed. */
  doubled: { table: OlderTable; name: string }[];
  mistakes: string[];
  /** `TABLE: NAME`. */
  unclaimed: string[];
}

/**
 * In tables that a release in its ledger wrote to, or else in the table on its search path, an environment claims
 * records of its releases, and those that match a file's name and checksum.
 */
export function claimOlder(tables: OlderTable[], claimant: Claimant): Claim {
  const { releases, checksums, searched } = claimant;
  const isOwn = ({ release }: StoredRecord): boolean => releases.has(release);
  const fits = ({ name, checksum }: StoredRecord): boolean => checksums.get(name) === checksum;
  const known = tables.filter(({ records }) => records.some(isOwn));
  const mine = known.length > 0 ? known : ledTo(tables, searched);
  const candidates = mine.flatMap((table) =>
    table.records.filter((record) => isOwn(record) || fits(record)).map((record) => ({ table, record })),
  );
  const names = new Set(candidates.map(({ record }) => record.name));
  const taken = [...names].map((name) => firstApplied(candidates.filter(({ record }) => record.name === name)));
  const doubled = candidates
    .filter((candidate) => !taken.includes(candidate))
    .map(({ table, record }) => ({ table, name: record.name }));
  const claimed = new Set(candidates.map(({ record }) => record));
  const left = tables.map((table) => ({ ...table, records: table.records.filter((record) => !claimed.has(record)) }));
  const mistakes = [
    ...left
      .filter(({ schema }) => mine.some((table) => table.schema === schema))
      .flatMap((table) => otherContent(table, checksums, names)),
    ...(taken.length > 0 ? [] : left.flatMap((table) => elsewhere(table, fits, searched))),
  ];
  const unclaimed = left.flatMap(({ table, records }) => records.map(({ name }) => `${table}: ${name}`));
  return { taken, doubled, mistakes, unclaimed };
}

function ledTo(tables: OlderTable[], searched: string[]): OlderTable[] {
  const schema = searched.find((name) => tables.some((table) => table.schema === name));
  return tables.filter((table) => table.schema === schema);
}

/** Answers the first finished record, since later ones found the migration in place. */
function firstApplied<T extends { record: StoredRecord }>(same: T[]): T {
  const oldest = [...same].sort((a, b) => a.record.startedAt - b.record.startedAt);
  return oldest.find(({ record }) => record.finished) ?? (oldest[0] as T);
}

const SETTLE = 'docs/databases.md, "Records of an older version", says how';

function otherContent(
  { table, records }: OlderTable,
  checksums: ReadonlyMap<string, string>,
  taken: ReadonlySet<string>,
) {
  return records
    .filter(({ name }) => checksums.has(name) && !taken.has(name))
    .map(
      ({ name, release }) =>
        `${table}: expected the record of ${name} to be of this file, seen that release ${release} applied other content. ` +
        `If that was this app, restore the file; if it was another, release that one first: it takes its records over (${SETTLE})`,
    );
}

function elsewhere(
  { table, records, readable }: OlderTable,
  fits: (record: StoredRecord) => boolean,
  searched: string[],
) {
  const path = searched.join(', ') || 'nowhere';
  if (!readable) {
    return [
      `${table}: expected to read these records of an older version, which may be this app's, seen that the database ` +
        `user may not. GRANT USAGE ON SCHEMA and SELECT, DELETE ON TABLE to it, or settle whose they are (${SETTLE})`,
    ];
  }
  const names = records.filter(fits).map(({ name }) => name);
  if (names.length === 0) return [];
  return [
    `${table}: expected to know whose the records of ${names.join(', ')} are: they fit the files, but the search path ` +
      `leads to ${path}, and the ledger knows no release that made them. Nothing is applied until that is settled (${SETTLE})`,
  ];
}
