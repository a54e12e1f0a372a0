import { escapeLiteral } from 'pg';
import { objectsSql } from './catalogue-sql';

const DROPS: [catalogue: string, words: string][] = [
  // An event trigger could forbid the drops that follow.
  ['pg_event_trigger', 'EVENT TRIGGER'],
  ['pg_publication', 'PUBLICATION'],
  ['pg_class', ''],
  ['pg_proc', 'ROUTINE'],
  ['pg_opclass', 'OPERATOR CLASS'],
  ['pg_opfamily', 'OPERATOR FAMILY'],
  ['pg_operator', 'OPERATOR'],
  ['pg_cast', 'CAST'],
  ['pg_transform', 'TRANSFORM'],
  ['pg_type', 'TYPE'],
  ['pg_collation', 'COLLATION'],
  ['pg_conversion', 'CONVERSION'],
  ['pg_ts_config', 'TEXT SEARCH CONFIGURATION'],
  ['pg_ts_dict', 'TEXT SEARCH DICTIONARY'],
  ['pg_ts_template', 'TEXT SEARCH TEMPLATE'],
  ['pg_ts_parser', 'TEXT SEARCH PARSER'],
  ['pg_foreign_server', 'SERVER'],
  ['pg_foreign_data_wrapper', 'FOREIGN DATA WRAPPER'],
  ['pg_language', 'LANGUAGE'],
  ['pg_am', 'ACCESS METHOD'],
];

interface Emptying {
  server: number;
  owners: string[];
  keptExtensions: string[];
  keptSchemas: string[];
  keptCasts: string[];
}

/** Drops this app's objects. It takes all names first, since a function over a dropped table's type has none. */
export function emptyingScript({ server, owners, keptExtensions, keptSchemas, keptCasts }: Emptying): string {
  const mine = `pg_get_userbyid(owner) = ANY (${textArray(owners)})`;
  const turns = DROPS.map(([catalogue, words], turn) => `('${catalogue}'::regclass, ${turn}, '${words}')`).join(', ');
  return [
    `WITH ${objectsSql(server)}, drops (class, turn, words) AS (VALUES ${turns})
SELECT format('DROP %s IF EXISTS %s CASCADE', CASE words WHEN '' THEN upper(type) ELSE words END,
  CASE words WHEN 'TRANSFORM' THEN regexp_replace(identity, '^(.*) on language ', '\\1 LANGUAGE ') ELSE identity END)
FROM objects JOIN drops USING (class)
WHERE extension IS NULL AND host = id AND host_class = class AND (owner = 0 OR ${mine}) AND NOT type || ' ' || identity = ANY (${textArray(keptCasts)})
  AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = class AND d.objid = id AND d.deptype = 'i' AND NOT (d.refclassid = class AND d.refobjid = id))
ORDER BY turn, id \\gexec`,
    `SELECT format('DROP EXTENSION IF EXISTS %I CASCADE', extname) FROM pg_extension
WHERE NOT extname = ANY (${textArray(keptExtensions)}) ORDER BY oid DESC \\gexec`,
    // The dump has the rows that users wrote into tables of kept extensions, so they would come twice.
    `SELECT format('DELETE FROM %s %s', relation::regclass, condition)
FROM pg_extension, unnest(extconfig, extcondition) AS own (relation, condition)
WHERE extname = ANY (${textArray(keptExtensions)}) AND (SELECT relkind FROM pg_class WHERE oid = relation) IN ('r', 'p')
  AND has_table_privilege(relation, 'INSERT') AND has_table_privilege(relation, 'DELETE') \\gexec`,
    `SELECT lo_unlink(oid) FROM pg_largeobject_metadata WHERE pg_get_userbyid(lomowner) = ANY (${textArray(owners)});`,
    defaultPrivileges(),
    `WITH ${objectsSql(server)} SELECT format('DROP SCHEMA IF EXISTS %s', identity)
FROM objects WHERE type = 'schema' AND extension IS NULL AND ${mine}
  AND NOT identity = ANY (SELECT quote_ident(name) FROM unnest(${textArray(keptSchemas)}) name) \\gexec`,
  ].join('\n');
}

function defaultPrivileges(): string {
  const kinds = `CASE defaclobjtype WHEN 'r' THEN 'TABLES' WHEN 'S' THEN 'SEQUENCES' WHEN 'f' THEN 'ROUTINES' WHEN 'T' THEN 'TYPES' WHEN 'n' THEN 'SCHEMAS' WHEN 'L' THEN 'LARGE OBJECTS' END`;
  const to = `CASE grantee WHEN 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(grantee)) END`;
  const each = (verb: string, acl: string, where: string) =>
    `SELECT DISTINCT format('ALTER DEFAULT PRIVILEGES FOR ROLE %I %s ${verb}', pg_get_userbyid(defaclrole),
  CASE WHEN defaclnamespace <> 0 THEN format('IN SCHEMA %I', (SELECT nspname FROM pg_namespace WHERE oid = defaclnamespace)) END, privilege_type, ${kinds}, ${to})
FROM pg_default_acl, aclexplode(${acl}) WHERE pg_has_role(defaclrole, 'USAGE') ${where}`;
  const builtIn = `acldefault(CASE defaclobjtype WHEN 'S' THEN 's' ELSE defaclobjtype END::"char", defaclrole)`;
  return [
    // GRANT comes first: an entry that equals the server's default vanishes, and the REVOKEs could not name it then.
    `${each('GRANT %s ON %s TO %s', builtIn, 'AND defaclnamespace = 0')}
  AND NOT EXISTS (SELECT FROM aclexplode(defaclacl) has WHERE has.grantee = aclexplode.grantee AND has.privilege_type = aclexplode.privilege_type) \\gexec`,
    `${each('REVOKE %s ON %s FROM %s', 'defaclacl', '')}
  AND NOT (defaclnamespace = 0 AND EXISTS (SELECT FROM aclexplode(${builtIn}) has WHERE has.grantee = aclexplode.grantee AND has.privilege_type = aclexplode.privilege_type)) \\gexec`,
  ].join('\n');
}

export function textArray(names: string[]): string {
  return `ARRAY[${names.map(escapeLiteral).join(', ')}]::text[]`;
}
