/*
 * SQL that lists what a database holds, one row an object, for every class that `pg_dump` knows. What the server prints of
 * an expression is left out: `x IN ('a')` on a varchar is printed otherwise after a restore, although it is the same.
 */

/** First id that the server gives to an object made after `initdb` (`FirstNormalObjectId` in its source). */
export const FIRST_OID = 16384;

/** What names and types look like must not depend on the session, the role or the database. */
export const CATALOGUE_SETTINGS = [
  'SET LOCAL search_path = pg_catalog',
  'SET LOCAL quote_all_identifiers = off',
  'SET LOCAL extra_float_digits = 1',
  "SET LOCAL bytea_output = 'hex'",
].join(';\n');

/** Privileges as text that is the same whatever order they were given in. */
export const grants = (acl: string) =>
  `(SELECT string_agg(format('%s=%s/%s', g.grantee::regrole, g.privilege_type, g.is_grantable), ',' ORDER BY g.grantee::regrole::text, g.privilege_type)
    FROM aclexplode(${acl}) g)`;
const without = (row: string, ...columns: string[]) => `to_jsonb(${row}) - '{${columns.join(',')}}'::text[]`;
const only = (row: string, ...columns: string[]) =>
  `jsonb_build_array(${columns.map((name) => `to_jsonb(${row}) -> '${name}'`).join(', ')})`;
const sorted = (array: string) => `(SELECT array_agg(o ORDER BY o) FROM unnest(${array}) o)`;
const columnsOf = (relation: string) =>
  `(SELECT jsonb_agg(jsonb_build_array(a.attname, format_type(a.atttypid, a.atttypmod), a.attcollation::regcollation, ${grants('a.attacl')},
      ${only('a', 'attnotnull', 'atthasdef', 'attidentity', 'attgenerated', 'attstorage', 'attcompression', 'attstattarget', 'attoptions', 'attfdwoptions')}) ORDER BY a.attname)
    FROM pg_attribute a WHERE a.attrelid = ${relation} AND a.attnum > 0 AND NOT a.attisdropped)`;
const columnNames = (relation: string, numbers: string) =>
  `(SELECT jsonb_agg(a.attname ORDER BY k.turn) FROM unnest(${numbers}) WITH ORDINALITY k (number, turn)
    LEFT JOIN pg_attribute a ON a.attrelid = ${relation} AND a.attnum = k.number)`;

interface ObjectClass {
  /** The system catalogue, and the alias that the other fields use. */
  from: string;
  catalogue: string;
  id: string;
  /** What says that two of the same name are alike, as SQL. */
  definition: string;
  owner?: string;
  /** Its privileges, and the letter by which `acldefault` knows its kind. */
  acl?: [column: string, kind: string];
  /** The object whose part it is: schemas, extensions and owners count for that one. */
  host?: [catalogue: string, id: string];
  schema?: string;
  where?: string;
}

const relation = `jsonb_build_array(${only('c', 'relkind', 'relpersistence', 'relreplident', 'relrowsecurity', 'relforcerowsecurity', 'relispartition')},
    ${sorted('c.reloptions')}, (SELECT amname FROM pg_am WHERE oid = c.relam), (SELECT spcname FROM pg_tablespace WHERE oid = c.reltablespace),
    nullif(c.reloftype, 0)::regtype, (SELECT jsonb_agg(i.inhparent::regclass ORDER BY i.inhseqno) FROM pg_inherits i WHERE i.inhrelid = c.oid))`;

const CLASSES: ObjectClass[] = [
  {
    from: 'pg_namespace n',
    catalogue: 'pg_namespace',
    id: 'n.oid',
    definition: `''`,
    owner: 'n.nspowner',
    acl: ['n.nspacl', `'n'`],
    schema: 'n.oid',
  },
  {
    from: 'pg_class c',
    catalogue: 'pg_class',
    id: 'c.oid',
    owner: 'c.relowner',
    acl: ['c.relacl', `CASE c.relkind WHEN 'S' THEN 's' ELSE 'r' END::"char"`],
    schema: 'c.relnamespace',
    where: `c.relkind IN ('r', 'p', 'v', 'm', 'S', 'f')`,
    definition: `jsonb_build_array(${relation}, CASE WHEN c.relkind <> 'S' THEN ${columnsOf('c.oid')} END,
      (SELECT jsonb_build_array(${without('s', 'seqrelid', 'seqtypid')}, s.seqtypid::regtype) FROM pg_sequence s WHERE s.seqrelid = c.oid),
      (SELECT jsonb_agg(jsonb_build_array(d.deptype, d.refobjid::regclass, a.attname)) FROM pg_depend d JOIN pg_attribute a ON a.attrelid = d.refobjid AND a.attnum = d.refobjsubid
       WHERE c.relkind = 'S' AND d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.refclassid = 'pg_class'::regclass AND d.deptype IN ('a', 'i')),
      (SELECT jsonb_build_array(v.srvname, ${sorted('f.ftoptions')}) FROM pg_foreign_table f JOIN pg_foreign_server v ON v.oid = f.ftserver WHERE f.ftrelid = c.oid))`,
  },
  {
    // An invalid index, left by an interrupted CREATE INDEX CONCURRENTLY, is in no dump.
    from: 'pg_index i JOIN pg_class c ON c.oid = i.indexrelid',
    catalogue: 'pg_class',
    id: 'c.oid',
    host: ['pg_class', 'i.indrelid'],
    schema: 'c.relnamespace',
    where: `(i.indisvalid OR c.relkind = 'I')`,
    definition: `jsonb_build_array(${relation}, ${only('i', 'indisunique', 'indnullsnotdistinct', 'indisprimary', 'indisexclusion', 'indimmediate', 'indisclustered', 'indisreplident', 'indnkeyatts', 'indoption')},
      ${columnNames('i.indrelid', 'i.indkey::int2[]')}, (SELECT jsonb_agg(o.opcname ORDER BY k.turn) FROM unnest(i.indclass::oid[]) WITH ORDINALITY k (id, turn) JOIN pg_opclass o ON o.oid = k.id))`,
  },
  {
    // A constraint of a partition is made with that of its parent, under a name that the server chooses.
    from: 'pg_constraint con',
    catalogue: 'pg_constraint',
    id: 'con.oid',
    schema: 'con.connamespace',
    host: [
      `CASE con.conrelid WHEN 0 THEN 'pg_type' ELSE 'pg_class' END`,
      'CASE con.conrelid WHEN 0 THEN con.contypid ELSE con.conrelid END',
    ],
    where: `con.conparentid = 0 AND con.contype <> 'n'`,
    definition: `jsonb_build_array(${only('con', 'contype', 'condeferrable', 'condeferred', 'convalidated', 'conenforced', 'connoinherit', 'confupdtype', 'confdeltype', 'confmatchtype')},
      nullif(con.confrelid, 0)::regclass, ${columnNames('con.conrelid', 'con.conkey')}, ${columnNames('con.confrelid', 'con.confkey')})`,
  },
  {
    from: 'pg_trigger t',
    catalogue: 'pg_trigger',
    id: 't.oid',
    host: ['pg_class', 't.tgrelid'],
    where: 'NOT t.tgisinternal',
    definition: `jsonb_build_array(${only('t', 'tgtype', 'tgenabled', 'tgdeferrable', 'tginitdeferred', 'tgargs', 'tgoldtable', 'tgnewtable')},
      t.tgfoid::regprocedure, ${columnNames('t.tgrelid', 't.tgattr::int2[]')}, t.tgqual IS NULL)`,
  },
  {
    from: 'pg_rewrite r',
    catalogue: 'pg_rewrite',
    id: 'r.oid',
    host: ['pg_class', 'r.ev_class'],
    where: `r.rulename <> '_RETURN'`,
    definition: only('r', 'ev_type', 'ev_enabled', 'is_instead'),
  },
  {
    from: 'pg_policy p',
    catalogue: 'pg_policy',
    id: 'p.oid',
    host: ['pg_class', 'p.polrelid'],
    definition: `jsonb_build_array(p.polcmd, p.polpermissive, p.polqual IS NULL, p.polwithcheck IS NULL, (SELECT jsonb_agg(r::regrole ORDER BY r::regrole::text) FROM unnest(p.polroles) r))`,
  },
  {
    from: 'pg_proc p',
    catalogue: 'pg_proc',
    id: 'p.oid',
    owner: 'p.proowner',
    acl: ['p.proacl', `'f'`],
    schema: 'p.pronamespace',
    definition: `jsonb_build_array(${only('p', 'prokind', 'prosecdef', 'proleakproof', 'proisstrict', 'proretset', 'provolatile', 'proparallel', 'procost', 'prorows', 'pronargdefaults', 'proargnames', 'proargmodes', 'prosupport', 'probin', 'proconfig')},
      (SELECT lanname FROM pg_language WHERE oid = p.prolang), p.prorettype::regtype, p.proallargtypes::regtype[], md5(p.prosrc),
      (SELECT jsonb_build_array(${without('a', 'aggfnoid', 'aggsortop', 'aggtranstype', 'aggmtranstype')}, a.aggtranstype::regtype, nullif(a.aggsortop, 0)::regoperator) FROM pg_aggregate a WHERE a.aggfnoid = p.oid))`,
  },
  {
    // Types of tables, of arrays and of multiranges come and go with what they are made for.
    from: 'pg_type t',
    catalogue: 'pg_type',
    id: 't.oid',
    owner: 't.typowner',
    acl: ['t.typacl', `'T'`],
    schema: 't.typnamespace',
    where: `NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_type'::regclass AND d.objid = t.oid AND d.deptype = 'i')`,
    definition: `jsonb_build_array(${only('t', 'typtype', 'typlen', 'typbyval', 'typcategory', 'typispreferred', 'typisdefined', 'typdelim', 'typalign', 'typstorage', 'typnotnull', 'typinput', 'typoutput', 'typreceive', 'typsend', 'typmodin', 'typmodout', 'typanalyze', 'typsubscript')},
      format_type(t.typbasetype, t.typtypmod), t.typcollation::regcollation, t.typdefault IS NULL, ${columnsOf('t.typrelid')},
      (SELECT jsonb_agg(e.enumlabel ORDER BY e.enumsortorder) FROM pg_enum e WHERE e.enumtypid = t.oid),
      (SELECT jsonb_build_array(r.rngsubtype::regtype, r.rngcollation::regcollation, r.rngcanonical, r.rngsubdiff) FROM pg_range r WHERE r.rngtypid = t.oid))`,
  },
  {
    from: 'pg_operator o',
    catalogue: 'pg_operator',
    id: 'o.oid',
    owner: 'o.oprowner',
    schema: 'o.oprnamespace',
    definition: `jsonb_build_array(${only('o', 'oprkind', 'oprcanmerge', 'oprcanhash', 'oprcode', 'oprrest', 'oprjoin')}, o.oprresult::regtype, nullif(o.oprcom, 0)::regoperator, nullif(o.oprnegate, 0)::regoperator)`,
  },
  {
    from: 'pg_opclass o',
    catalogue: 'pg_opclass',
    id: 'o.oid',
    owner: 'o.opcowner',
    schema: 'o.opcnamespace',
    definition: `jsonb_build_array(o.opcdefault, o.opcintype::regtype, o.opckeytype::regtype, (SELECT opfname FROM pg_opfamily WHERE oid = o.opcfamily))`,
  },
  {
    from: 'pg_opfamily f',
    catalogue: 'pg_opfamily',
    id: 'f.oid',
    owner: 'f.opfowner',
    schema: 'f.opfnamespace',
    definition: `jsonb_build_array(
      (SELECT jsonb_agg(jsonb_build_array(o.amopstrategy, o.amopopr::regoperator, o.amoppurpose) ORDER BY o.amopstrategy, o.amopopr::regoperator::text) FROM pg_amop o WHERE o.amopfamily = f.oid),
      (SELECT jsonb_agg(jsonb_build_array(p.amprocnum, p.amproc::regprocedure) ORDER BY p.amprocnum, p.amproc::regprocedure::text) FROM pg_amproc p WHERE p.amprocfamily = f.oid))`,
  },
  {
    from: 'pg_cast c',
    catalogue: 'pg_cast',
    id: 'c.oid',
    definition: `jsonb_build_array(c.castcontext, c.castmethod, nullif(c.castfunc, 0)::regprocedure)`,
  },
  {
    from: 'pg_transform t',
    catalogue: 'pg_transform',
    id: 't.oid',
    definition: `jsonb_build_array(t.trffromsql, t.trftosql)`,
  },
  {
    from: 'pg_collation c',
    catalogue: 'pg_collation',
    id: 'c.oid',
    owner: 'c.collowner',
    schema: 'c.collnamespace',
    definition: without('c', 'oid', 'collnamespace', 'collowner', 'collversion'),
  },
  {
    from: 'pg_conversion c',
    catalogue: 'pg_conversion',
    id: 'c.oid',
    owner: 'c.conowner',
    schema: 'c.connamespace',
    definition: without('c', 'oid', 'connamespace', 'conowner'),
  },
  {
    from: 'pg_language l',
    catalogue: 'pg_language',
    id: 'l.oid',
    owner: 'l.lanowner',
    acl: ['l.lanacl', `'l'`],
    definition: `jsonb_build_array(l.lanpltrusted, l.lanplcallfoid::regproc, l.laninline::regproc, l.lanvalidator::regproc)`,
  },
  {
    from: 'pg_ts_parser p',
    catalogue: 'pg_ts_parser',
    id: 'p.oid',
    schema: 'p.prsnamespace',
    definition: without('p', 'oid', 'prsnamespace'),
  },
  {
    from: 'pg_ts_template t',
    catalogue: 'pg_ts_template',
    id: 't.oid',
    schema: 't.tmplnamespace',
    definition: without('t', 'oid', 'tmplnamespace'),
  },
  {
    from: 'pg_ts_dict d',
    catalogue: 'pg_ts_dict',
    id: 'd.oid',
    owner: 'd.dictowner',
    schema: 'd.dictnamespace',
    definition: `jsonb_build_array(d.dictinitoption, (SELECT tmplname FROM pg_ts_template WHERE oid = d.dicttemplate))`,
  },
  {
    from: 'pg_ts_config c',
    catalogue: 'pg_ts_config',
    id: 'c.oid',
    owner: 'c.cfgowner',
    schema: 'c.cfgnamespace',
    definition: `jsonb_build_array((SELECT prsname FROM pg_ts_parser WHERE oid = c.cfgparser),
      (SELECT jsonb_agg(jsonb_build_array(m.maptokentype, m.mapseqno, m.mapdict::regdictionary) ORDER BY m.maptokentype, m.mapseqno) FROM pg_ts_config_map m WHERE m.mapcfg = c.oid))`,
  },
  {
    from: 'pg_statistic_ext s',
    catalogue: 'pg_statistic_ext',
    id: 's.oid',
    owner: 's.stxowner',
    schema: 's.stxnamespace',
    definition: `jsonb_build_array(s.stxrelid::regclass, s.stxkind, ${columnNames('s.stxrelid', 's.stxkeys::int2[]')}, ${only('s', 'stxstattarget')})`,
  },
  {
    from: 'pg_foreign_data_wrapper w',
    catalogue: 'pg_foreign_data_wrapper',
    id: 'w.oid',
    owner: 'w.fdwowner',
    acl: ['w.fdwacl', `'F'`],
    definition: `jsonb_build_array(w.fdwhandler::regproc, w.fdwvalidator::regproc, ${sorted('w.fdwoptions')})`,
  },
  {
    from: 'pg_foreign_server s',
    catalogue: 'pg_foreign_server',
    id: 's.oid',
    owner: 's.srvowner',
    acl: ['s.srvacl', `'S'`],
    definition: `jsonb_build_array(s.srvtype, s.srvversion, ${sorted('s.srvoptions')}, (SELECT fdwname FROM pg_foreign_data_wrapper WHERE oid = s.srvfdw))`,
  },
  {
    from: 'pg_user_mappings u',
    catalogue: 'pg_user_mapping',
    id: 'u.umid',
    host: ['pg_foreign_server', 'u.srvid'],
    definition: sorted('u.umoptions'),
  },
  {
    from: 'pg_event_trigger e',
    catalogue: 'pg_event_trigger',
    id: 'e.oid',
    owner: 'e.evtowner',
    definition: `jsonb_build_array(e.evtevent, e.evtenabled, e.evttags, e.evtfoid::regprocedure)`,
  },
  {
    from: 'pg_publication p',
    catalogue: 'pg_publication',
    id: 'p.oid',
    owner: 'p.pubowner',
    definition: `jsonb_build_array(${without('p', 'oid', 'pubowner', 'pubname')}, (SELECT jsonb_agg(r.prrelid::regclass ORDER BY r.prrelid::regclass::text) FROM pg_publication_rel r WHERE r.prpubid = p.oid)PUBLISHED_SCHEMAS)`,
  },
  {
    from: 'pg_subscription s',
    catalogue: 'pg_subscription',
    id: 's.oid',
    owner: 's.subowner',
    where: 's.subdbid = (SELECT oid FROM pg_database WHERE datname = current_database())',
    definition: `jsonb_build_array(s.subenabled, s.subslotname, s.subpublications)`,
  },
  { from: 'pg_am a', catalogue: 'pg_am', id: 'a.oid', definition: `jsonb_build_array(a.amtype, a.amhandler)` },
  {
    from: 'pg_default_acl d',
    catalogue: 'pg_default_acl',
    id: 'd.oid',
    owner: 'd.defaclrole',
    schema: 'd.defaclnamespace',
    definition: `to_jsonb(${grants('d.defaclacl')})`,
  },
];

/** From PostgreSQL 15 on a publication may name schemas. */
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

/**
 * Common table expressions: `objects`, every object that was made after `initdb` (and the schema `public`) with the
 * `extension` it belongs to.
 *
 * @param server its version as a number: 150004
 */
export function objectsSql(server: number): string {
  return `everything AS (
    ${CLASSES.map((each) => select(each, server)).join('\n    UNION ALL\n    ')}
  ), objects AS (
    SELECT o.*, i.type, i.identity, n.nspname AS schema_name, e.extname AS extension
    FROM everything o
    LEFT JOIN pg_namespace n ON n.oid = o.schema
    CROSS JOIN LATERAL pg_identify_object(o.class, o.id, 0) i
    LEFT JOIN pg_depend m ON m.classid = o.host_class AND m.objid = o.host AND m.objsubid = 0 AND m.deptype = 'e' AND m.refclassid = 'pg_extension'::regclass
    LEFT JOIN pg_extension e ON e.oid = m.refobjid
    WHERE (n.nspname IS NULL OR n.nspname !~ '^pg_(toast|temp_)') AND i.identity IS NOT NULL
  )`;
}
