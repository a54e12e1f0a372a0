import type { ClientBase } from 'pg';
import type { Scope } from '../../../domain/release';

export const RECORDS = { schema: 'spillway', table: 'migrations', name: 'spillway.migrations' } as const;
/** Lists the environments that have taken over their older records and need not look for them again. */
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

export interface MigrationRecord {
  name: string;
  checksum: string;
  release: string;
  /** False while a migration without a transaction runs, or after it was interrupted. */
  finished: boolean;
  /** The down script at the time of applying, so that the undo works even when the file changed since. */
  down: string | null;
}

export interface StoredRecord extends MigrationRecord {
  /** In seconds since the epoch. */
  startedAt: number;
}

interface ScopeRecords extends Scope {
  migrations: number;
}

/** The session must be ours (`asOurselves`), so that no search path or row security interferes. */
export class MigrationRecords {
  constructor(
    private readonly client: ClientBase,
    private readonly scope: Scope,
  ) {}

  /** Answers the oldest first; empty while there is no table. */
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

  /** `finished` is false for a migration under way; `schema` is where its unqualified names went. */
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

export async function createRecords(client: ClientBase): Promise<void> {
  if (await exists(client)) return;
  // IF NOT EXISTS needs the right to create even when the schema exists.
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

export async function isSettled(client: ClientBase, { app, environment }: Scope): Promise<boolean> {
  if (!(await exists(client))) return false;
  const { rows } = await client.query(`SELECT 1 FROM ${SETTLED} WHERE app = $1 AND environment = $2`, [
    app,
    environment,
  ]);
  return rows.length > 0;
}

/** Belongs in the transaction that takes the records over. */
export async function markSettled(client: ClientBase, { app, environment }: Scope): Promise<void> {
  await client.query(`INSERT INTO ${SETTLED} VALUES ($1, $2, clock_timestamp()) ON CONFLICT DO NOTHING`, [
    app,
    environment,
  ]);
}

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

export interface TwinRecord extends Scope {
  name: string;
  checksum: string;
  /** Null when the search path led nowhere. */
  schema: string | null;
  /** True for records of an older version, which knew no apps. */
  older: boolean;
}

/** Finds records whose migration may stand here already; two apps could have shared those of an older version. */
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

/** Answers whose records a restore would destroy. The session must be ours. */
export async function recordsOfOthers(client: ClientBase, { app, environment }: Scope): Promise<ScopeRecords[]> {
  if (!(await exists(client))) return [];
  const { rows } = await client.query<ScopeRecords>(
    `SELECT app, environment, count(*)::int AS migrations FROM ${RECORDS.name}
     WHERE (app, environment) <> ($1, $2) GROUP BY app, environment ORDER BY app, environment`,
    [app, environment],
  );
  return rows;
}

/** Looks in the catalogue, which a role can read even when it may not enter the schema. */
async function exists(client: ClientBase): Promise<boolean> {
  const { rows } = await client.query(
    `SELECT 1 FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = $1 AND c.relname = $2`,
    [RECORDS.schema, RECORDS.table],
  );
  return rows.length > 0;
}
