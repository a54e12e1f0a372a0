import type { ClientBase } from 'pg';
import type { Scope } from '../../../domain/release';
import { createRecords, markSettled, RECORDS, type StoredRecord } from './records';
import type { Claim, OlderTable } from './older-claims';

const TABLE = 'spillway_migrations';
const COLUMNS = ['name', 'checksum', 'applied_at', 'release', 'down', 'started_at'];
/** Renaming the name column makes an older version fail, instead of applying everything again. */
const RETIRED = 'records_are_in_spillway_migrations';

export async function readOlder(client: ClientBase): Promise<OlderTable[]> {
  const { rows: tables } = await client.query<Omit<OlderTable, 'records'>>(
    `SELECT n.nspname AS schema, format('%I.%I', n.nspname, c.relname) AS table,
            has_schema_privilege(n.oid, 'USAGE') AND has_table_privilege(c.oid, 'SELECT') AS readable
     FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
     WHERE c.relname = $1 AND c.relkind IN ('r', 'p') AND n.nspname !~ '^pg_' AND $3 = (
       SELECT count(*) FROM pg_attribute a WHERE a.attrelid = c.oid AND NOT a.attisdropped AND a.attname = ANY ($2::name[]))
     ORDER BY 1`,
    [TABLE, COLUMNS, COLUMNS.length],
  );
  const read: OlderTable[] = [];
  for (const found of tables)
    read.push({ ...found, records: found.readable ? await recordsIn(client, found.table) : [] });
  return read;
}

async function recordsIn(client: ClientBase, table: string): Promise<StoredRecord[]> {
  const { rows } = await client.query<StoredRecord>(
    `SELECT name, checksum, release, down, applied_at IS NOT NULL AS finished,
            extract(epoch FROM started_at)::float8 AS "startedAt"
     FROM ${table} ORDER BY started_at, name`,
  );
  return rows;
}

/** Needs the migration lock. */
export async function takeOver(client: ClientBase, scope: Scope, claim: Claim): Promise<void> {
  const { app, environment } = scope;
  await client.query('BEGIN');
  try {
    await createRecords(client);
    for (const { table, record } of claim.taken) {
      await client.query(
        `INSERT INTO ${RECORDS.name} (app, environment, name, checksum, release, down, schema, started_at, applied_at, taken_from)
         SELECT $1, $2, name, checksum, release, down, $3, started_at, applied_at, $4 FROM ${table.table} WHERE name = $5
         ON CONFLICT DO NOTHING`,
        [app, environment, table.schema, table.table, record.name],
      );
      await forget(client, table, record.name);
    }
    for (const { table, name } of claim.doubled) await forget(client, table, name);
    for (const table of new Set(claim.taken.map((each) => each.table.table))) await retire(client, table);
    await markSettled(client, scope);
    await client.query('COMMIT');
  } catch (error) {
    await client.query('ROLLBACK').catch(() => undefined);
    throw error;
  }
}

async function forget(client: ClientBase, { table }: OlderTable, name: string): Promise<void> {
  await client.query(`DELETE FROM ${table} WHERE name = $1`, [name]);
}

/** Disables an empty old table for older versions, and leaves it to its owner. */
async function retire(client: ClientBase, table: string): Promise<void> {
  const { rows } = await client.query<{ retirable: boolean }>(
    `SELECT pg_has_role(relowner, 'USAGE') AND NOT EXISTS (SELECT FROM ${table}) AS retirable
     FROM pg_class WHERE oid = $1::regclass`,
    [table],
  );
  if (rows[0]?.retirable) await client.query(`ALTER TABLE ${table} RENAME COLUMN name TO ${RETIRED}`);
}
