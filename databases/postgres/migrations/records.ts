import type { ClientBase } from 'pg';
import type { Scope } from '../../../domain/release';

/** Where all records of a database lie, whoever connects and whatever the search path is. */
export const RECORDS = { schema: 'spillway', table: 'migrations', name: 'spillway.migrations' } as const;
/** The environments that have taken over what an older version had left them, if anything: they look for it no more. */
const SETTLED = 'spillway.environments';

const COLUMNS = [
  'app',
  'environment',
  'name',
  'checksum',
  'release',
  'down',
  'schema',
  'started_at',
  'applied_at',
  'taken_from',
];

/** What the database remembers of a migration of one app and environment. */
export interface MigrationRecord {
  name: string;
  checksum: string;
  /** Id of the release that applied it. */
  release: string;
  /** False while one that runs without a transaction is under way, or was interrupted. */
  finished: boolean;
  /** The down script as it was when it was applied: the undo works even when the files have changed since. */
  down: string | null;
}

/** A record as it stands in a table. */
export interface StoredRecord extends MigrationRecord {
  /** Seconds since the epoch. */
  startedAt: number;
}

/** How many migrations of an app and environment a database has records of. */
interface ScopeRecords extends Scope {
  migrations: number;
}

/**
 * The records of one app and environment: what was applied, when, by which release, and how it is reverted. The session
 * must be ours (`asOurselves`): then no search path leads elsewhere and no row is hidden.
 */
export class MigrationRecords {
  constructor(
    private readonly client: ClientBase,
    private readonly scope: Scope,
  ) {}

  /** Oldest first; changes nothing, and is empty while there is no table. */
  async all(): Promise<StoredRecord[]> {
    if (!(await exists(this.client))) return [];
    const { rows } = await this.client.query<StoredRecord>(
      `SELECT name, checksum, release, down, applied_at IS NOT NULL AS finished,
              extract(epoch FROM started_at)::float8 AS "startedAt" FROM ${RECORDS.name}
       WHERE app = $1 AND environment = $2 ORDER BY started_at, name`,
      [this.scope.app, this.scope.environment],
    );
    return rows;
  }

  /** Says that a migration is applied, or (`finished` false) under way; `schema` is where its unqualified names went. */
  async put({ name, checksum, release, finished, down }: MigrationRecord, schema: string | null): Promise<void> {
    await this.client.query(
      `INSERT INTO ${RECORDS.name} (app, environment, name, checksum, release, down, schema, applied_at)
       VALUES ($1, $2, $3, $4, $5, $6, $7, CASE WHEN $8 THEN clock_timestamp() END)
       ON CONFLICT (app, environment, name) DO UPDATE
       SET checksum = excluded.checksum, release = excluded.release, down = excluded.down, schema = excluded.schema,
           applied_at = excluded.applied_at, taken_from = NULL`,
      [this.scope.app, this.scope.environment, name, checksum, release, down, schema, finished],
    );
  }

  async remove(name: string): Promise<void> {
    await this.client.query(`DELETE FROM ${RECORDS.name} WHERE app = $1 AND environment = $2 AND name = $3`, [
      this.scope.app,
      this.scope.environment,
      name,
    ]);
  }
}

/** Creates the schema and the table when they are missing. */
export async function createRecords(client: ClientBase): Promise<void> {
  if (await exists(client)) return;
  // Not IF NOT EXISTS alone: that asks for the right to create even when the schema is there.
  const { rows } = await client.query(`SELECT 1 FROM pg_namespace WHERE nspname = $1`, [RECORDS.schema]);
  if (rows.length === 0) await client.query(`CREATE SCHEMA IF NOT EXISTS ${RECORDS.schema}`);
  await client.query(
    `CREATE TABLE IF NOT EXISTS ${RECORDS.name} (
      app text NOT NULL,
      environment text NOT NULL,
      name text NOT NULL,
      checksum text NOT NULL,
      release text NOT NULL,
      down text,
      schema text,
      started_at timestamptz NOT NULL DEFAULT clock_timestamp(),
      applied_at timestamptz,
      taken_from text,
      PRIMARY KEY (app, environment, name)
    )`,
  );
  await client.query(
    `CREATE TABLE IF NOT EXISTS ${SETTLED} (app text, environment text, since timestamptz NOT NULL, PRIMARY KEY (app, environment))`,
  );
}

/** Whether the records of an older version are no business of this environment any more. */
export async function isSettled(client: ClientBase, { app, environment }: Scope): Promise<boolean> {
  if (!(await exists(client))) return false;
  const { rows } = await client.query(`SELECT 1 FROM ${SETTLED} WHERE app = $1 AND environment = $2`, [
    app,
    environment,
  ]);
  return rows.length > 0;
}

/** Says so; in the transaction that takes them over. */
export async function markSettled(client: ClientBase, { app, environment }: Scope): Promise<void> {
  await client.query(`INSERT INTO ${SETTLED} VALUES ($1, $2, clock_timestamp()) ON CONFLICT DO NOTHING`, [
    app,
    environment,
  ]);
}

/** Why the records cannot be kept; undefined when they are there and may be written, or could be created. */
export async function recordsMistake(client: ClientBase): Promise<string | undefined> {
  const { rows } = await client.query<
    Record<'schema' | 'may_create' | 'may_use' | 'may_write' | 'ours', boolean | null> & {
      table: boolean;
      user: string;
      database: string;
    }
  >(
    `SELECT current_user AS user, quote_ident(current_database()) AS database, n.oid IS NOT NULL AS schema, c.oid IS NOT NULL AS table,
            CASE WHEN n.oid IS NULL THEN has_database_privilege(current_database(), 'CREATE')
                 ELSE has_schema_privilege(n.oid, 'CREATE') END AS may_create,
            has_schema_privilege(n.oid, 'USAGE') AS may_use,
            has_table_privilege(c.oid, 'SELECT') AND has_table_privilege(c.oid, 'INSERT')
              AND has_table_privilege(c.oid, 'UPDATE') AND has_table_privilege(c.oid, 'DELETE') AS may_write,
            (SELECT count(*) = cardinality($3::name[]) FROM pg_attribute a
             WHERE a.attrelid = c.oid AND NOT a.attisdropped AND a.attname = ANY ($3::name[])) AS ours
     FROM (VALUES (1)) AS one (row) LEFT JOIN pg_namespace n ON n.nspname = $1
       LEFT JOIN pg_class c ON c.relnamespace = n.oid AND c.relname = $2`,
    [RECORDS.schema, RECORDS.table, COLUMNS],
  );
  const seen = rows[0]!;
  const { user } = seen;
  if (!seen.schema && !seen.may_create) {
    return (
      `expected the database user ${user} to be allowed to create the schema ${RECORDS.schema} for its records, seen that it is not; ` +
      `GRANT CREATE ON DATABASE ${seen.database} TO ${user}, or as its owner CREATE SCHEMA ${RECORDS.schema} AUTHORIZATION ${user}`
    );
  }
  if (seen.table && !seen.ours) {
    return `expected ${RECORDS.name} to be the table of Spillway's records, seen another table of that name; rename that`;
  }
  if (seen.schema && !(seen.may_use && (seen.table ? seen.may_write : seen.may_create))) {
    return (
      `expected the database user ${user} to be allowed to keep its records in ${RECORDS.name}, seen that it is not; ` +
      (seen.table
        ? `GRANT USAGE ON SCHEMA ${RECORDS.schema} TO ${user}; GRANT SELECT, INSERT, UPDATE, DELETE ON ${RECORDS.name}, ${SETTLED} TO ${user}`
        : `GRANT USAGE, CREATE ON SCHEMA ${RECORDS.schema} TO ${user}`)
    );
  }
  return undefined;
}

/** A record of somebody else that may be of the very same migration. */
export interface TwinRecord extends Scope {
  name: string;
  checksum: string;
  /** Where its unqualified names went; null when the search path led nowhere. */
  schema: string | null;
  /** It was made by an older version, which knew no apps. */
  older: boolean;
}

/**
 * Records of others whose migration may stand here already: those of the app's other environments, and those
 * that were taken over from an older version, with which two apps could have shared them.
 */
export async function twinRecords(client: ClientBase, { app, environment }: Scope): Promise<TwinRecord[]> {
  if (!(await exists(client))) return [];
  const { rows } = await client.query<TwinRecord>(
    `SELECT app, environment, name, checksum, schema, taken_from IS NOT NULL AS older FROM ${RECORDS.name}
     WHERE (app, environment) <> ($1, $2) AND (app = $1 OR taken_from IS NOT NULL)
     ORDER BY app, environment, name`,
    [app, environment],
  );
  return rows;
}

/**
 * Which other apps and environments have records in the database, so that what destroys all of it can be refused.
 * Changes nothing; the session must be ours (`withClient` gives such a one).
 */
export async function recordsOfOthers(client: ClientBase, { app, environment }: Scope): Promise<ScopeRecords[]> {
  if (!(await exists(client))) return [];
  const { rows } = await client.query<ScopeRecords>(
    `SELECT app, environment, count(*)::int AS migrations FROM ${RECORDS.name}
     WHERE (app, environment) <> ($1, $2) GROUP BY app, environment ORDER BY app, environment`,
    [app, environment],
  );
  return rows;
}

/** Looked up by name in the catalogue, which also a role sees that may not enter the schema. */
async function exists(client: ClientBase): Promise<boolean> {
  const { rows } = await client.query(
    `SELECT 1 FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = $1 AND c.relname = $2`,
    [RECORDS.schema, RECORDS.table],
  );
  return rows.length > 0;
}
