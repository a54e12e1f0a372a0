import { escapeIdentifier, escapeLiteral } from 'pg';
import type { Catalogue, CatalogueRow, Grant } from './catalogue';

/** Restores facts that no dump holds; names only what changed, since the role may have no right to the rest. */
export function putBack(dumped: Catalogue, now: Catalogue, keptSchemas: string[]): string[] {
  const before = new Map(dumped.rows.map((row) => [row.id, row]));
  const after = new Map(now.rows.map((row) => [row.id, row]));
  const changed = [...new Set([...before.keys(), ...after.keys()])]
    .map((id) => ({ was: before.get(id), is: after.get(id) }))
    .filter(({ was, is }) => was?.state !== is?.state);
  const kept = new Set(
    [...dumped.rows, ...now.rows]
      .filter(({ name, schema }) => name.startsWith('schema ') && keptSchemas.includes(schema ?? ''))
      .map(({ name }) => name.slice('schema '.length)),
  );
  const ours = ({ on }: { on: string }) => !on.startsWith('SCHEMA ') || kept.has(on.slice('SCHEMA '.length));
  return [
    ...changed.flatMap(({ was }) =>
      was?.name.startsWith('schema ') && kept.has(was.name.slice('schema '.length)) ? owner(was) : [],
    ),
    ...changed.flatMap(({ was }) => was?.putBack ?? []),
    ...changed.flatMap(({ was, is }) => privileges(was, is, ours)),
    ...changed.flatMap(({ was, is }) => comment(was, is, ours)),
    ...changed.flatMap(({ was, is }) => settings(was, is, dumped.database)),
  ];
}

function owner({ name, owner: to }: CatalogueRow): string[] {
  return to ? [`ALTER SCHEMA ${name.slice('schema '.length)} OWNER TO ${escapeIdentifier(to)}`] : [];
}

function privileges(
  was: CatalogueRow | undefined,
  is: CatalogueRow | undefined,
  ours: (given: { on: string }) => boolean,
): string[] {
  const given = was?.privileges ?? is?.privileges;
  if (!given || !ours(given)) return [];
  const { on } = given;
  const wanted = was?.privileges?.grants ?? given.defaults;
  const found = is?.privileges?.grants ?? given.defaults;
  const grantees = [...new Set(found.map(([grantee]) => grantee))];
  return [
    ...grantees.map((grantee) => `REVOKE ALL ON ${on} FROM ${grantee} CASCADE`),
    ...wanted.map((each) => grant(on, each)),
  ];
}

function grant(on: string, [grantee, privilege, grantable]: Grant): string {
  return `GRANT ${privilege} ON ${on} TO ${grantee}${grantable ? ' WITH GRANT OPTION' : ''}`;
}

function comment(
  was: CatalogueRow | undefined,
  is: CatalogueRow | undefined,
  ours: (given: { on: string }) => boolean,
): string[] {
  const given = was?.comment ?? is?.comment;
  if (!given || !ours(given)) return [];
  return [`COMMENT ON ${given.on} IS ${was?.comment ? escapeLiteral(was.comment.text) : 'NULL'}`];
}

function settings(was: CatalogueRow | undefined, is: CatalogueRow | undefined, database: string): string[] {
  const given = was?.settings ?? is?.settings;
  if (!given) return [];
  const whose = given.role ? `ROLE ${given.role} IN DATABASE ${database}` : `DATABASE ${database}`;
  const values = was?.settings?.values ?? [];
  return [
    `ALTER ${whose} RESET ALL`,
    ...values.map(
      ([name, value, list]) => `ALTER ${whose} SET ${escapeIdentifier(name)} TO ${list ? value : escapeLiteral(value)}`,
    ),
  ];
}
