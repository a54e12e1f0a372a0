import type { ClientBase } from 'pg';

/** What the database remembers of a migration. */
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

const TABLE = 'spillway_migrations';

/** The table `spillway_migrations` of one database: what was applied, when, by which release, and how it is reverted. */
export class MigrationRecords {
  private constructor(
    private readonly client: ClientBase,
    /** With its schema: a migration may change the search path. */
    private readonly table: string,
  ) {}

  /** Creates the table when it is missing. */
  static async open(client: ClientBase): Promise<MigrationRecords> {
    const found = await find(client);
    if (found) return new MigrationRecords(client, found);
    await client.query(
      `CREATE TABLE IF NOT EXISTS ${TABLE} (
        name text PRIMARY KEY,
        checksum text NOT NULL,
        applied_at timestamptz,
        release text NOT NULL,
        down text,
        started_at timestamptz NOT NULL DEFAULT clock_timestamp()
      )`,
    );
    return new MigrationRecords(client, (await find(client)) ?? TABLE);
  }

  /** Oldest first; changes nothing, and is empty while there is no table. */
  static async read(client: ClientBase): Promise<MigrationRecord[]> {
    const found = await find(client);
    return found ? new MigrationRecords(client, found).all() : [];
  }

  /** Why the table could not be created; undefined when it is there or could be. */
  static async mistake(client: ClientBase): Promise<string | undefined> {
    if (await find(client)) return undefined;
    const { rows } = await client.query<{ schema: string | null; user: string; allowed: boolean | null }>(
      `SELECT current_schema() AS schema, current_user AS user, has_schema_privilege(current_schema(), 'CREATE') AS allowed`,
    );
    const { schema, user, allowed } = rows[0]!;
    if (allowed) return undefined;
    return `expected the database user ${user} to be allowed to create tables in schema ${schema}, seen that it is not; GRANT CREATE ON SCHEMA`;
  }

  async all(): Promise<MigrationRecord[]> {
    const { rows } = await this.client.query<MigrationRecord>(
      `SELECT name, checksum, release, down, applied_at IS NOT NULL AS finished FROM ${this.table}
       ORDER BY started_at, name`,
    );
    return rows;
  }

  /** Says that a migration is applied, or (`finished` false) under way. */
  async put({ name, checksum, release, finished, down }: MigrationRecord): Promise<void> {
    await this.client.query(
      `INSERT INTO ${this.table} (name, checksum, release, down, applied_at)
       VALUES ($1, $2, $3, $4, CASE WHEN $5 THEN clock_timestamp() END)
       ON CONFLICT (name) DO UPDATE
       SET checksum = excluded.checksum, release = excluded.release, down = excluded.down, applied_at = excluded.applied_at`,
      [name, checksum, release, down, finished],
    );
  }

  async remove(name: string): Promise<void> {
    await this.client.query(`DELETE FROM ${this.table} WHERE name = $1`, [name]);
  }
}

/** The table with its schema, both quoted; undefined when the search path leads to none. */
async function find(client: ClientBase): Promise<string | undefined> {
  const { rows } = await client.query<{ table: string }>(
    `SELECT quote_ident(n.nspname) || '.' || quote_ident(c.relname) AS table
     FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.oid = to_regclass($1)`,
    [TABLE],
  );
  return rows[0]?.table;
}
