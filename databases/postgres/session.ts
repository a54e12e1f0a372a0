import type { ClientBase } from 'pg';

/** Only this process works between two statements, for moments: after this time it must be frozen. */
const FROZEN_MS = 15_000;
/** Our own statements touch few rows, so a slower one waits for another session's lock. */
const OWN_MS = 60_000;

/** In milliseconds; 0 means no limit, as in PostgreSQL. */
export interface ScriptLimits {
  statementTimeout: number;
  lockTimeout: number;
}

/** Makes our own statements mean the same whatever settings and role the database or a migration has chosen. */
export async function asOurselves(client: ClientBase): Promise<void> {
  await client.query(
    `RESET SESSION AUTHORIZATION; RESET ROLE; SET search_path = pg_catalog, pg_temp; SET row_security = off;
     SET default_transaction_read_only = off; SET default_transaction_isolation = 'read committed';
     SET standard_conforming_strings = on; SET statement_timeout = ${OWN_MS}; SET lock_timeout = ${OWN_MS}`,
  );
}

/** Gives a migration the settings of its user, but lets it write and keeps what our parser assumed. */
export async function asUser(client: ClientBase, { statementTimeout, lockTimeout }: ScriptLimits): Promise<void> {
  await client.query(
    `RESET search_path; RESET row_security; RESET default_transaction_isolation;
     SET statement_timeout = ${statementTimeout}; SET lock_timeout = ${lockTimeout}`,
  );
}

/** The first one is where a migration creates its objects. */
export async function searchedSchemas(client: ClientBase): Promise<string[]> {
  await client.query('RESET search_path');
  const { rows } = await client.query<{ schemas: string[] }>(
    'SELECT pg_catalog.current_schemas(false)::pg_catalog.text[] AS schemas',
  );
  await asOurselves(client);
  return rows[0]?.schemas ?? [];
}

/** Makes the server end this session, with its locks, soon after this process died or froze. */
export async function endWithUs(client: ClientBase): Promise<void> {
  await client.query(
    `SELECT set_config(wanted.name, wanted.value, false)
     FROM (VALUES ('idle_in_transaction_session_timeout', '${FROZEN_MS}'), ('idle_session_timeout', '${2 * FROZEN_MS}'))
       AS wanted (name, value)
     JOIN pg_settings USING (name)`,
  );
  // Servers before PostgreSQL 14 do not know it, and some systems do not support it.
  await client.query('SET client_connection_check_interval = 1000').catch((error: { code?: string }) => {
    if (error.code !== '42704' && error.code !== '22023') throw error as Error;
  });
}
