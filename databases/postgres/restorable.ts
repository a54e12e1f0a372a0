import type { ClientBase } from 'pg';
import type { Io } from '../../domain/host';
import { takeCatalogue, type Catalogue } from './catalogue';
import { objectsSql } from './catalogue-sql';
import { withClient } from './connection';
import { expressionMistakes } from './expressions';
import { beyondRestore } from './migrations/beyond-restore';
import { foreignMistakes, listed, ownersOf } from './ownership';
import type { Restoring } from './restore';
import { textArray } from './empty';

interface Obstacle {
  sql: string;
  expected: string;
  advice: string;
}

/** Finds what would prevent a restore, without locks: objects of others, missing rights, things no dump holds. */
export function restoreMistakes(
  restoring: Restoring,
  pending: { directory: string; names: string[] } | undefined,
  io: Io,
): Promise<string[]> {
  return withClient(restoring.server, io, async (client) => {
    await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY');
    const catalogue = await takeCatalogue(client);
    const foreign = await foreignMistakes(client, catalogue, restoring, io);
    const mistakes = [...foreign, ...(await obstacles(client, catalogue, restoring.owners))];
    const owners = ownersOf(catalogue, restoring.owners);
    if (pending) mistakes.push(...(await beyondRestore(pending.directory, pending.names, owners, io)));
    return [...mistakes, ...(await tooManyObjects(client)), ...(await expressionMistakes(client))];
  });
}

async function obstacles(client: ClientBase, { server, role }: Catalogue, added: string[]): Promise<string[]> {
  const { rows } = await client.query<{ super: boolean }>('SELECT rolsuper AS super FROM pg_roles WHERE rolname = $1', [
    role,
  ]);
  const asked = [...ALWAYS(added), ...(rows[0]?.super ? [] : ORDINARY)];
  const found: string[] = [];
  for (const { sql, expected, advice } of asked) {
    const { rows: names } = await client.query<{ name: string }>(`WITH ${objectsSql(server)} ${sql}`);
    if (names.length === 0) continue;
    found.push(`expected ${expected.replace('ROLE', role)}, seen ${listed(names.map(({ name }) => name))}: ${advice}`);
  }
  return found;
}

const ELSE = 'or set database.onRollback to revert or keep';
const own = 'o.extension IS NULL AND o.host = o.id AND o.host_class = o.class';

const ALWAYS = (added: string[]): Obstacle[] => [
  {
    sql: `SELECT name FROM unnest(${textArray(added)}) name
      WHERE NOT coalesce((SELECT pg_has_role(oid, 'USAGE') FROM pg_roles WHERE rolname = name), false) ORDER BY 1`,
    expected: 'the database user ROLE to be a member of every role in database.owners',
    advice: 'GRANT it that role, or correct the list',
  },
  {
    sql: `SELECT o.type || ' ' || o.identity AS name FROM objects o WHERE o.class = 'pg_subscription'::regclass ORDER BY 1`,
    expected: 'no subscription in the database, whose place in the stream no dump can hold',
    advice: `subscribe from another database, ${ELSE}`,
  },
  {
    sql: `SELECT format('extension %I %s', e.extname, e.extversion) AS name FROM pg_extension e
      LEFT JOIN pg_available_extension_versions v ON v.name = e.extname AND v.version = e.extversion
      WHERE pg_has_role(e.extowner, 'USAGE') AND NOT EXISTS (SELECT FROM pg_extension_update_paths(e.extname) p WHERE p.target = e.extversion AND p.path IS NOT NULL)
        AND v.name IS NULL ORDER BY 1`,
    expected: 'every extension to be installed on the server in the version that the database has',
    advice: `ALTER EXTENSION … UPDATE before the release, ${ELSE}`,
  },
];

const ORDINARY: Obstacle[] = [
  {
    sql: `SELECT o.type || ' ' || o.identity AS name FROM objects o
      LEFT JOIN pg_proc p ON o.class = 'pg_proc'::regclass AND p.oid = o.id LEFT JOIN pg_language l ON l.oid = p.prolang
      LEFT JOIN pg_type t ON o.class = 'pg_type'::regclass AND t.oid = o.id
      LEFT JOIN pg_cast c ON o.class = 'pg_cast'::regclass AND c.oid = o.id
      LEFT JOIN pg_language own ON o.class = 'pg_language'::regclass AND own.oid = o.id
      LEFT JOIN pg_publication b ON o.class = 'pg_publication'::regclass AND b.oid = o.id
      WHERE ${own} AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = o.class AND d.objid = o.id AND d.deptype = 'i')
        AND (o.type IN ('event trigger', 'foreign-data wrapper', 'access method', 'text search parser', 'text search template', 'operator class', 'operator family')
          OR p.prolang IS NOT NULL AND p.prokind <> 'a' AND NOT (l.lanpltrusted AND has_language_privilege(l.oid, 'USAGE')) OR p.proleakproof
          OR t.typtype IN ('b', 'p') OR c.castmethod = 'b' OR own.oid IS NOT NULL
          OR b.puballtables OR to_regclass('pg_publication_namespace') IS NOT NULL AND b.oid IS NOT NULL AND o.definition ~ ', \\[[^]]*\\]\\]$')
      ORDER BY 1`,
    expected: 'nothing in the database that the database user ROLE, who is no superuser, could not create again',
    advice: `let a superuser put it into an extension, connect as one, ${ELSE}`,
  },
  {
    sql: `SELECT format('extension %I', e.extname) AS name FROM pg_extension e
      JOIN pg_available_extension_versions v ON v.name = e.extname AND v.version = e.extversion
      WHERE pg_has_role(e.extowner, 'USAGE') AND v.superuser AND NOT (v.trusted AND has_database_privilege(current_database(), 'CREATE')) ORDER BY 1`,
    expected: 'the database user ROLE to be able to create again each extension that it may drop',
    advice: `let a superuser own it (REASSIGN OWNED), ${ELSE}`,
  },
  {
    sql: `SELECT o.type || ' ' || o.identity AS name FROM objects o
      WHERE ${own} AND o.type IN ('schema', 'publication') AND o.identity <> 'public' AND pg_has_role(nullif(o.owner, 0), 'USAGE')
        AND NOT has_database_privilege(current_database(), 'CREATE') ORDER BY 1`,
    expected: 'the database user ROLE to have CREATE on the database, to make again what it owns',
    advice: `GRANT CREATE ON DATABASE, ${ELSE}`,
  },
  {
    sql: `SELECT DISTINCT format('schema %I', o.schema_name) AS name FROM objects o
      WHERE ${own} AND o.type NOT IN ('schema', 'default acl') AND o.schema <> 0 AND NOT has_schema_privilege(o.schema, 'CREATE') ORDER BY 1`,
    expected: 'the database user ROLE to have CREATE on every schema in which it has something',
    advice: `GRANT CREATE ON SCHEMA, ${ELSE}`,
  },
  {
    sql: `SELECT DISTINCT format('tablespace %I', s.spcname) AS name FROM pg_class c JOIN pg_tablespace s ON s.oid = c.reltablespace
      WHERE c.oid >= 16384 AND NOT has_tablespace_privilege(s.oid, 'CREATE') ORDER BY 1`,
    expected: 'the database user ROLE to have CREATE on every tablespace that it uses',
    advice: `GRANT CREATE ON TABLESPACE, ${ELSE}`,
  },
  {
    sql: `SELECT o.type || ' ' || o.identity AS name FROM objects o JOIN pg_foreign_server s ON s.oid = o.id AND o.class = 'pg_foreign_server'::regclass
      WHERE o.extension IS NULL AND NOT has_foreign_data_wrapper_privilege(s.srvfdw, 'USAGE') ORDER BY 1`,
    expected: 'the database user ROLE to have USAGE on the foreign-data wrapper of every server that it owns',
    advice: `GRANT USAGE ON FOREIGN DATA WRAPPER, ${ELSE}`,
  },
];

/**
 * A restore needs these locks in one transaction (counted on PostgreSQL 15): one for each object it drops, and one for
 * each relation and routine it creates. The server has `max_locks_per_transaction` for each possible session.
 */
async function tooManyObjects(client: ClientBase): Promise<string[]> {
  const counted = [
    'pg_class',
    'pg_class',
    'pg_type',
    'pg_constraint',
    'pg_attrdef',
    'pg_rewrite',
    'pg_trigger',
    'pg_proc',
    'pg_proc',
  ];
  const count = (catalogue: string) => `(SELECT count(*) FROM ${catalogue} c WHERE oid >= 16384 AND NOT EXISTS
    (SELECT FROM pg_depend d WHERE d.classid = '${catalogue}'::regclass AND d.objid = c.oid AND d.deptype = 'e'))`;
  const setting = (name: string) => `current_setting('${name}')::bigint`;
  const sessions = [
    'max_connections',
    'max_prepared_transactions',
    'autovacuum_max_workers',
    'max_worker_processes',
    'max_wal_senders',
  ];
  const { rows } = await client.query<{ needed: string; sessions: string; each: string }>(
    `SELECT ${counted.map(count).join(' + ')} + 2 * (SELECT count(*) FROM pg_largeobject_metadata) AS needed,
       ${sessions.map(setting).join(' + ')} + 1 AS sessions, ${setting('max_locks_per_transaction')} AS each`,
  );
  const [needed, all, each] = [rows[0]!.needed, rows[0]!.sessions, rows[0]!.each].map(Number) as [
    number,
    number,
    number,
  ];
  if (needed <= all * each) return [];
  return [
    `expected room for the locks of a restore (about ${needed}, for all objects in one transaction), seen room for ${all * each}: ` +
      `raise max_locks_per_transaction from ${each} to ${Math.ceil((needed * 1.25) / all)} and restart the server, ${ELSE}`,
  ];
}
