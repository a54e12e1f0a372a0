import { columnNames, columnsOf, only, sorted, without, type ObjectClass } from './object-class';

const relation = `jsonb_build_array(${only('c', 'relkind', 'relpersistence', 'relreplident', 'relrowsecurity', 'relforcerowsecurity', 'relispartition')},
    ${sorted('c.reloptions')}, (SELECT amname FROM pg_am WHERE oid = c.relam), (SELECT spcname FROM pg_tablespace WHERE oid = c.reltablespace),
    nullif(c.reloftype, 0)::regtype, (SELECT jsonb_agg(i.inhparent::regclass ORDER BY i.inhseqno) FROM pg_inherits i WHERE i.inhrelid = c.oid))`;

export const RELATION_CLASSES: ObjectClass[] = [
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
    // An interrupted CREATE INDEX CONCURRENTLY leaves an invalid index, which is in no dump.
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
    // A partition's constraint comes with its parent's, under a name that the server chooses.
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
];
