import { OTHER_CLASSES } from './other-classes';
import type { ObjectClass } from './object-class';
import { RELATION_CLASSES } from './relation-classes';

/* Printed expressions are left out: after a restore, the server prints `x IN ('a')` on a varchar differently. */

/** The first id the server gives to objects made after `initdb`; its source calls it `FirstNormalObjectId`. */
export const FIRST_OID = 16384;

/** With these settings, names and types look the same in every session, role and database. */
export const CATALOGUE_SETTINGS = [
  'SET LOCAL search_path = pg_catalog',
  'SET LOCAL quote_all_identifiers = off',
  'SET LOCAL extra_float_digits = 1',
  "SET LOCAL bytea_output = 'hex'",
  // JIT compilation takes far longer than these queries, and a restore locks every table meanwhile.
  'SET LOCAL jit = off',
].join(';\n');
/** Temporary objects end with their session and are in no dump. Their names match this pattern. */
export const TEMPORARY = '(^|[ (,])pg_temp_[0-9]+[.]';
/** Only an administrator can make or drop these casts between built-in types. */
export const SERVER_CASTS = `SELECT oid FROM pg_cast WHERE castsource < ${FIRST_OID} AND casttarget < ${FIRST_OID} AND castfunc < ${FIRST_OID}`;
const PUBLISHED_SCHEMAS = `, (SELECT jsonb_agg(s.pnnspid::regnamespace ORDER BY s.pnnspid::regnamespace::text) FROM pg_publication_namespace s WHERE s.pnpubid = p.oid)`;

function select(
  { from, catalogue, id, definition, owner = '0', acl, host, schema = '0', where = 'true' }: ObjectClass,
  server: number,
): string {
  const [hostCatalogue, hostId] = host ?? [`'${catalogue}'`, id];
  const published = server >= 150_000 ? PUBLISHED_SCHEMAS : '';
  return `SELECT '${catalogue}'::regclass::oid AS class, ${id} AS id, ${quoted(hostCatalogue)}::regclass::oid AS host_class, ${hostId} AS host,
      ${schema} AS schema, ${owner} AS owner, ${acl ? acl[0] : 'NULL::aclitem[]'} AS acl, ${acl ? acl[1] : `NULL`}::"char" AS acl_kind,
      (${definition.replace('PUBLISHED_SCHEMAS', published)})::text AS definition
    FROM ${from} WHERE ${where} AND (${hostId} >= ${FIRST_OID}${catalogue === 'pg_namespace' ? ` OR n.nspname = 'public'` : ''}
      OR ${hostId} IN (SELECT objid FROM pg_depend WHERE deptype = 'e' AND classid = ${quoted(hostCatalogue)}::regclass))`;
}

function quoted(catalogue: string): string {
  return catalogue.startsWith('pg_') ? `'${catalogue}'` : `(${catalogue})`;
}

/** `objects` lists what was made after `initdb`, and the schema `public`; `server` is a number: 150004. */
export function objectsSql(server: number): string {
  return `everything AS (
    ${[...RELATION_CLASSES, ...OTHER_CLASSES].map((each) => select(each, server)).join('\n    UNION ALL\n    ')}
  ), objects AS (
    SELECT o.*, i.type, i.identity, n.nspname AS schema_name, e.extname AS extension
    FROM everything o
    LEFT JOIN pg_namespace n ON n.oid = o.schema
    CROSS JOIN LATERAL pg_identify_object(o.class, o.id, 0) i
    LEFT JOIN pg_depend m ON m.classid = o.host_class AND m.objid = o.host AND m.objsubid = 0 AND m.deptype = 'e' AND m.refclassid = 'pg_extension'::regclass
    LEFT JOIN pg_extension e ON e.oid = m.refobjid
    WHERE (n.nspname IS NULL OR n.nspname !~ '^pg_(toast|temp_)') AND i.identity IS NOT NULL AND i.identity !~ '${TEMPORARY}'
  )`;
}
