import type { ClientBase } from 'pg';
import type { Io } from '../../domain/host';
import { recordsOfOthers } from './migrations/records';
import type { Claim, OlderTable } from './migrations/older-claims';
import { readOlder } from './migrations/older-records';
import type { Catalogue, CatalogueRow } from './catalogue';
import type { Restoring } from './restore';

const NAMED = 5;

export function ownersOf(catalogue: Catalogue, added: string[]): string[] {
  return [...new Set([catalogue.role, ...added])];
}

/** A restore would drop objects of others. The session must be ours. */
export async function foreignMistakes(
  client: ClientBase,
  catalogue: Catalogue,
  { scope, owners, claim }: Pick<Restoring, 'scope' | 'owners' | 'claim'>,
  io: Io,
): Promise<string[]> {
  const found = strangers(catalogue, ownersOf(catalogue, owners));
  // Records of others may be unreadable; they are reported as tables of another role.
  if (found.length > 0) return found;
  const older = foreignRecords(await readOlder(client), await claim(client, io));
  const others = await recordsOfOthers(client, scope);
  const alone = `expected the database to be that of ${scope.app}/${scope.environment} alone, since a restore empties it first, seen`;
  return [
    ...(others.length > 0
      ? [
          `${alone} migrations of ${listed(others.map(({ app, environment }) => `${app}/${environment}`))}. Give each app and ` +
            'environment a database of its own, or set database.onRollback to revert or keep',
        ]
      : []),
    ...older.map(
      (seen) =>
        `${alone} ${seen}, which an older version made without saying for which app. If another app lives here, give it a ` +
        "database of its own; if the records are this app's and left over, remove them (docs/databases.md, " +
        '"Records of an older version"); or set database.onRollback to revert or keep',
    ),
  ];
}

/** Answers older records that this environment does not claim, so they may belong to others. */
function foreignRecords(tables: OlderTable[], claim: Claim | null): string[] {
  const own = new Set([
    ...(claim?.taken ?? []).map(({ table, record }) => `${table.table}: ${record.name}`),
    ...(claim?.doubled ?? []).map(({ table, name }) => `${table.table}: ${name}`),
  ]);
  return tables.flatMap(({ table, records, readable }) => {
    if (!readable) return [`records in ${table} that the database user may not read`];
    const names = records.map(({ name }) => name).filter((name) => !own.has(`${table}: ${name}`));
    return names.length > 0 ? [`the records of ${listed(names)} in ${table}`] : [];
  });
}

/** Reports objects of other roles, and their schemas unless those hold extensions or objects of this app. */
function strangers(catalogue: Catalogue, owners: string[]): string[] {
  const { rows } = catalogue;
  const mine = new Set(
    rows.filter(({ owner }) => owner && owners.includes(owner)).map(({ schema, toc }) => (toc ? '' : schema)),
  );
  const foreign = rows.filter(
    (row) => row.owner && !owners.includes(row.owner) && (row.toc ? isSchema(row) && !isShared(row, mine) : true),
  );
  if (foreign.length === 0) return [];
  const roles = [...new Set(foreign.map(({ owner }) => owner))].sort();
  return [
    `expected everything in the database to belong to ${owners.join(' or ')}, since a restore empties it first, seen ` +
      `${listed(foreign.map(({ name, owner }) => `${name} of ${owner}`))}. Give each app a database of its own; or, where ` +
      `all of it is this app's, add ${roles.join(', ')} to database.owners; or set database.onRollback to revert or keep`,
  ];
}

export function listed(names: string[]): string {
  const rest = names.length - NAMED;
  return `${names.slice(0, NAMED).join(', ')}${rest > 0 ? ` and ${rest} more` : ''}`;
}

function isSchema({ name }: CatalogueRow): boolean {
  return name.startsWith('schema ');
}

function isShared({ home, schema }: CatalogueRow, mine: Set<string | undefined>): boolean {
  return home === true || schema === 'public' || mine.has(schema);
}
