import type { ClientBase } from 'pg';

/** Between two statements only this process works, for moments: one that takes longer is frozen. */
const FROZEN_MS = 15_000;
/** Our own statements read a few rows and write one; what takes longer waits for somebody else's lock. */
const OWN_MS = 60_000;

/** Milliseconds; 0 means without limit, as in PostgreSQL. */
export interface ScriptLimits {
  statementTimeout: number;
  lockTimeout: number;
}

/**
 * Makes our own statements mean the same whatever ALTER ROLE, ALTER DATABASE or a migration has set: names and operators
 * are PostgreSQL's own, no row is hidden, and writing is allowed. It also takes back a role that a migration took on.
 */
export async function asOurselves(client: ClientBase): Promise<void> {
  await client.query(
    `RESET SESSION AUTHORIZATION; RESET ROLE; SET search_path = pg_catalog, pg_temp; SET row_security = off;
     SET default_transaction_read_only = off; SET default_transaction_isolation = 'read committed';
     SET standard_conforming_strings = on; SET statement_timeout = ${OWN_MS}; SET lock_timeout = ${OWN_MS}`,
  );
}

/**
 * Gives the session the settings of the database and its user, for a migration. It may write even where sessions are
 * read-only by default, and its text means what our parser took it for.
 */
export async function asUser(client: ClientBase, { statementTimeout, lockTimeout }: ScriptLimits): Promise<void> {
  await client.query(
    `RESET search_path; RESET row_security; RESET default_transaction_isolation;
     SET statement_timeout = ${statementTimeout}; SET lock_timeout = ${lockTimeout}`,
  );
}

/** Schemas in which a migration's unqualified names are looked up, in order; the first is where it creates. */
export async function searchedSchemas(client: ClientBase): Promise<string[]> {
  await client.query('RESET search_path');
  const { rows } = await client.query<{ schemas: string[] }>(
    'SELECT pg_catalog.current_schemas(false)::pg_catalog.text[] AS schemas',
  );
  await asOurselves(client);
  return rows[0]?.schemas ?? [];
}

/**
 * Makes the server end this session, and so give up its locks, soon after this process died (it looks once a second, also
 * while a statement runs) or froze (nothing comes for a while). Settings that an older server does not know are left out.
 */
export async function endWithUs(client: ClientBase): Promise<void> {
  await client.query(
    `SELECT set_config(wanted.name, wanted.value, false)
     FROM (VALUES ('idle_in_transaction_session_timeout', '${FROZEN_MS}'), ('idle_session_timeout', '${2 * FROZEN_MS}'))
       AS wanted (name, value)
     JOIN pg_settings USING (name)`,
  );
  // Unknown before PostgreSQL 14, and refused where the server's system cannot tell.
  await client.query('SET client_connection_check_interval = 1000').catch((error: { code?: string }) => {
    if (error.code !== '42704' && error.code !== '22023') throw error as Error;
  });
}
