import type { ClientBase } from 'pg';
import { CATALOGUE_SETTINGS, FIRST_OID, objectsSql, SERVER_CASTS, TEMPORARY } from './catalogue-sql';
import { grants } from './object-class';

export type Grant = [grantee: string, privilege: string, grantable: boolean];

/** One fact about a database: an object exists, or it has certain privileges, a comment or a setting. */
export interface CatalogueRow {
  name: string;
  /** The server hashes the name, so that it is the same in every encoding. */
  id: string;
  state: string;
  /** The owning role; for default privileges only when this session may not act as that role. */
  owner?: string;
  schema?: string;
  /** Its line in `pg_restore --list` begins with this; set for schemas, default privileges and built-in casts. */
  toc?: string;
  /** Set for facts about the database itself, which a dump leaves out. */
  place?: 'database';
  extension?: { name: string; schema: string; version: string; owner: string };
  /** `on` and `defaults` are the object in SQL, and its privileges without any GRANT; for objects that may stay. */
  privileges?: { on: string; grants: Grant[]; defaults: Grant[] };
  settings?: { role: string | null; values: [name: string, value: string, list: boolean][] };
  comment?: { on: string; text: string };
  putBack?: string[];
  home?: true;
}

export interface Catalogue {
  /** The server's version as a number: 150004. */
  server: number;
  role: string;
  database: string;
  rows: CatalogueRow[];
  /** Set when facts about the database itself and data are left out. */
  schemaOnly?: true;
}

const exploded = (acl: string) =>
  `(SELECT coalesce(jsonb_agg(jsonb_build_array(CASE x.grantee WHEN 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(x.grantee)) END, x.privilege_type, x.is_grantable)
      ORDER BY x.grantee, x.privilege_type), '[]') FROM aclexplode(${acl}) x)`;
const asPrivileges = (on: string, acl: string, builtIn: string) =>
  `jsonb_build_object('privileges', jsonb_build_object('on', ${on}, 'grants', ${exploded(acl)}, 'defaults', ${exploded(builtIn)}))`;

const OWN_OBJECTS = [
  ['pg_proc', 'proacl', 'proowner', `'f'`, `'ROUTINE'`],
  ['pg_class', 'relacl', 'relowner', `CASE relkind WHEN 'S' THEN 's' ELSE 'r' END::"char"`, `'TABLE'`],
  ['pg_type', 'typacl', 'typowner', `'T'`, `'TYPE'`],
  ['pg_language', 'lanacl', 'lanowner', `'l'`, `'LANGUAGE'`],
  ['pg_namespace', 'nspacl', 'nspowner', `'n'`, `'SCHEMA'`],
] as const;

/** SQL writes these lists of names without quotes around the list; the settings are those in `pg_dump`. */
const LISTS = `'search_path', 'local_preload_libraries', 'session_preload_libraries', 'shared_preload_libraries', 'temp_tablespaces', 'unix_socket_directories'`;

/** Selects, besides what `pg_dump` knows, the database's own privileges, comment and settings. */
function rowsSql(server: number): string {
  const own = OWN_OBJECTS.map(
    ([catalogue, acl, owner, kind, word]) =>
      `SELECT '${catalogue}'::regclass::oid AS class, oid AS id, ${acl} AS acl, coalesce(p.initprivs, acldefault(${kind}, ${owner})) AS built_in, ${word} AS word
       FROM ${catalogue} LEFT JOIN pg_init_privs p ON p.classoid = '${catalogue}'::regclass AND p.objoid = oid AND p.objsubid = 0
       WHERE oid < ${FIRST_OID} AND ${acl} IS NOT NULL`,
  );
  return `WITH ${objectsSql(server)}, this AS (
    SELECT d.*, acldefault('d', d.datdba) AS built_in FROM pg_database d WHERE d.datname = current_database()
  ), homes AS (
    SELECT extnamespace AS id FROM pg_extension
    UNION SELECT schema FROM objects WHERE extension IS NOT NULL
  ), remarks AS (
    SELECT classoid, objoid, 'comment on ' AS what, objsubid, description AS text FROM pg_description WHERE objsubid >= 0 AND objoid >= ${FIRST_OID}
    UNION ALL SELECT 'pg_namespace'::regclass, 'public'::regnamespace, 'comment on ', 0, obj_description('public'::regnamespace, 'pg_namespace') WHERE 'public'::regnamespace < ${FIRST_OID}
    UNION ALL SELECT classoid, objoid, provider || ' label on ', objsubid, label FROM pg_seclabel WHERE objoid >= ${FIRST_OID}
  ), rows AS (
    SELECT type || ' ' || identity AS name, concat_ws('|', definition, CASE WHEN owner <> 0 THEN pg_get_userbyid(owner) END) AS state,
      jsonb_build_object('owner', CASE WHEN owner <> 0 AND NOT (type = 'default acl' AND pg_has_role(owner, 'USAGE')) THEN pg_get_userbyid(owner) END, 'schema', schema_name,
        'toc', CASE WHEN type IN ('schema', 'default acl') OR type = 'cast' AND id IN (${SERVER_CASTS}) THEN class || ' ' || id END,
        'home', CASE WHEN type = 'schema' AND id IN (SELECT id FROM homes) THEN true END) AS extra
    FROM objects WHERE extension IS NULL
    UNION ALL
    SELECT 'privileges on ' || type || ' ' || identity, ${grants('acl')},
      CASE WHEN type = 'schema' THEN ${asPrivileges(`'SCHEMA ' || identity`, 'acl', 'acldefault(acl_kind, owner)')} ELSE '{}' END
    FROM objects WHERE extension IS NULL AND acl IS NOT NULL AND ${grants('acl')} IS DISTINCT FROM ${grants('acldefault(acl_kind, owner)')}
    UNION ALL
    SELECT 'privileges on ' || i.type || ' ' || i.identity, ${grants('o.acl')}, ${asPrivileges(`o.word || ' ' || i.identity`, 'o.acl', 'o.built_in')}
    FROM (${own.join(' UNION ALL ')}) o CROSS JOIN LATERAL pg_identify_object(o.class, o.id, 0) i
    WHERE ${grants('o.acl')} IS DISTINCT FROM ${grants('o.built_in')} AND i.identity !~ '^pg_(toast|temp_)' AND NOT (i.type = 'schema' AND i.identity = 'public')
    UNION ALL
    SELECT 'extension ' || quote_ident(e.extname),
      concat_ws('|', e.extversion, n.nspname, obj_description(e.oid, 'pg_extension'), md5(string_agg(concat_ws('|', o.type, o.identity, o.definition, ${grants('o.acl')}), '|' ORDER BY o.type, o.identity))),
      jsonb_build_object('extension', jsonb_build_object('name', e.extname, 'schema', n.nspname, 'version', e.extversion, 'owner', pg_get_userbyid(e.extowner)))
    FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace LEFT JOIN objects o ON o.extension = e.extname
    GROUP BY e.oid, n.nspname
    UNION ALL
    SELECT r.what || i.type || ' ' || i.identity, r.text,
      CASE WHEN i.type = 'schema' THEN jsonb_build_object('comment', jsonb_build_object('on', 'SCHEMA ' || i.identity, 'text', r.text)) ELSE '{}' END
    FROM remarks r CROSS JOIN LATERAL pg_identify_object(r.classoid, r.objoid, r.objsubid) i
    WHERE r.text IS NOT NULL AND i.identity !~ '${TEMPORARY}' AND r.classoid <> 'pg_extension'::regclass
      AND NOT EXISTS (SELECT FROM pg_depend m WHERE m.classid = r.classoid AND m.objid = r.objoid AND m.deptype = 'e')
    UNION ALL
    SELECT 'large objects of ' || quote_ident(pg_get_userbyid(lomowner)), string_agg(concat_ws(' ', oid, ${grants('lomacl')}), ',' ORDER BY oid), jsonb_build_object('owner', pg_get_userbyid(lomowner))
    FROM pg_largeobject_metadata GROUP BY lomowner
    UNION ALL
    SELECT 'privileges on the database', ${grants('datacl')}, jsonb_build_object('place', 'database') || ${asPrivileges(`'DATABASE ' || quote_ident(datname)`, 'datacl', 'built_in')}
    FROM this WHERE datacl IS NOT NULL AND ${grants('datacl')} IS DISTINCT FROM ${grants('built_in')}
    UNION ALL
    SELECT 'comment on the database', shobj_description(oid, 'pg_database'),
      jsonb_build_object('place', 'database', 'comment', jsonb_build_object('on', 'DATABASE ' || quote_ident(datname), 'text', shobj_description(oid, 'pg_database')))
    FROM this WHERE shobj_description(oid, 'pg_database') IS NOT NULL
    UNION ALL
    SELECT 'owner and limits of the database', concat_ws('|', pg_get_userbyid(datdba), datconnlimit, datistemplate, datallowconn), jsonb_build_object('place', 'database', 'putBack', jsonb_build_array(
      format('ALTER DATABASE %I OWNER TO %I', datname, pg_get_userbyid(datdba)), format('ALTER DATABASE %I CONNECTION LIMIT %s', datname, datconnlimit))) FROM this
    UNION ALL
    SELECT CASE s.setrole WHEN 0 THEN 'settings of the database' ELSE 'settings of role ' || quote_ident(pg_get_userbyid(s.setrole)) || ' in the database' END, s.setconfig::text,
      jsonb_build_object('place', 'database', 'settings', jsonb_build_object('role', CASE WHEN s.setrole <> 0 THEN quote_ident(pg_get_userbyid(s.setrole)) END,
        'values', (SELECT jsonb_agg(jsonb_build_array(split_part(v, '=', 1), substr(v, strpos(v, '=') + 1), split_part(v, '=', 1) IN (${LISTS}))) FROM unnest(s.setconfig) v)))
    FROM pg_db_role_setting s JOIN this ON this.oid = s.setdatabase
  )`;
}

export function comparableSql({ server, schemaOnly }: Pick<Catalogue, 'server' | 'schemaOnly'>): string {
  const chosen = schemaOnly ? `WHERE NOT extra ? 'place'` : '';
  return `${rowsSql(server)} SELECT md5(name) AS id, md5(state) AS state, name FROM rows ${chosen}`;
}

export function schemaOf(catalogue: Catalogue): Catalogue {
  const rows = catalogue.rows.filter(({ place, name }) => !place && !/(^| on )large objects? /.test(name));
  return { ...catalogue, rows, schemaOnly: true };
}

/** Reads the catalogue within the caller's transaction, with which its settings end. */
export async function takeCatalogue(client: ClientBase): Promise<Catalogue> {
  await client.query(CATALOGUE_SETTINGS);
  const { rows: facts } = await client.query<Omit<Catalogue, 'rows'>>(
    `SELECT current_setting('server_version_num')::int AS server, current_user::text AS role, quote_ident(current_database()) AS database`,
  );
  const about = facts[0]!;
  const { rows } = await client.query<{ row: CatalogueRow }>(
    `${rowsSql(about.server)} SELECT jsonb_strip_nulls(extra) || jsonb_build_object('name', name, 'id', md5(name), 'state', md5(state)) AS row FROM rows ORDER BY name`,
  );
  return { ...about, rows: rows.map(({ row }) => row) };
}

export function catalogueFile(dump: string): string {
  return `${dump}.catalogue.json`;
}
