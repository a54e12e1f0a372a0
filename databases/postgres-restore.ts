import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Io } from '../domain/host';
import { withClient, type PostgresServer } from './postgres-connection';
import { expectDone } from './postgres-dump';
import type { PostgresTools } from './postgres-tools';
import type { ProgramResult } from './run-program';

/**
 * Removes what the user of the connection owns in this database. `pg_restore --clean` removes only what the dump holds:
 * a table that a migration added would stay, and a reference from it to an older table makes the restore fail.
 */
const CLEAR = `
DO $clear$
DECLARE
  statement text;
BEGIN
  FOR statement IN
    WITH mine AS (
      SELECT n.oid, n.nspname FROM pg_namespace n
      WHERE n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
    ), relations AS (
      SELECT CASE c.relkind WHEN 'v' THEN 'VIEW' WHEN 'm' THEN 'MATERIALIZED VIEW' WHEN 'S' THEN 'SEQUENCE'
               WHEN 'f' THEN 'FOREIGN TABLE' ELSE 'TABLE' END AS kind, c.oid, mine.nspname, c.relname AS name, 1 AS turn
      FROM pg_class c JOIN mine ON mine.oid = c.relnamespace
      WHERE c.relkind IN ('r', 'p', 'v', 'm', 'S', 'f') AND pg_has_role(c.relowner, 'USAGE')
        AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = c.oid AND d.deptype = 'e')
    )
    SELECT format('DROP %s IF EXISTS %I.%I CASCADE', kind, nspname, name) FROM relations
    UNION ALL
    SELECT format('DROP ROUTINE IF EXISTS %s CASCADE', p.oid::regprocedure) FROM pg_proc p JOIN mine ON mine.oid = p.pronamespace
    WHERE pg_has_role(p.proowner, 'USAGE') AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = p.oid AND d.deptype = 'e')
    UNION ALL
    SELECT format('DROP TYPE IF EXISTS %s CASCADE', t.oid::regtype) FROM pg_type t JOIN mine ON mine.oid = t.typnamespace
    WHERE t.typtype IN ('e', 'd', 'r') AND pg_has_role(t.typowner, 'USAGE')
      AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = t.oid AND d.deptype = 'e')
  LOOP
    EXECUTE statement;
  END LOOP;
  FOR statement IN
    SELECT format('DROP SCHEMA IF EXISTS %I', n.nspname) FROM pg_namespace n
    WHERE n.nspname !~ '^pg_' AND n.nspname NOT IN ('information_schema', 'public') AND pg_has_role(n.nspowner, 'USAGE')
      AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.refclassid = 'pg_namespace'::regclass AND d.refobjid = n.oid)
  LOOP
    EXECUTE statement;
  END LOOP;
END $clear$;
`;

/**
 * Makes the database what it was when the dump was made, in one transaction: readers see the old or the new state, and
 * an interrupted restore has changed nothing. What was written since the dump is lost.
 *
 * It needs every table for itself. Sessions that keep it waiting longer than `lockTimeout` are ended once, and it tries
 * again: connection pools reconnect, a forgotten transaction must not keep a database broken.
 *
 * @throws BackupFailure with what PostgreSQL said; nothing has changed then.
 */
export async function restorePostgres(
  tools: PostgresTools,
  server: PostgresServer,
  file: string,
  lockTimeout: number,
  io: Io,
): Promise<void> {
  await tools.endOrphans(io);
  const directory = await mkdtemp(join(dirname(file), '.restore-'));
  try {
    const clear = join(directory, 'clear.sql');
    const script = join(directory, 'restore.sql');
    await writeFile(clear, CLEAR, { mode: 0o600 });
    io.onProgress('reading the dump');
    const argv = ['pg_restore', '--clean', '--if-exists', `--file=${script}`, file];
    expectDone('pg_restore', await tools.run(argv, io));
    let result = await apply(tools, [clear, script], lockTimeout, io);
    if (/lock timeout/.test(result.stderr)) {
      await endOtherSessions(server, io);
      result = await apply(tools, [clear, script], lockTimeout, io);
    }
    expectDone('psql', result);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

async function apply(tools: PostgresTools, files: string[], lockTimeout: number, io: Io): Promise<ProgramResult> {
  io.onProgress('restoring the dump');
  const argv = ['psql', '--no-psqlrc', '--quiet', '--no-password', '--single-transaction', '--set=ON_ERROR_STOP=1'];
  const options = `-c lock_timeout=${lockTimeout} -c client_min_messages=warning`;
  return tools.run([...argv, ...files.map((file) => `--file=${file}`), `--dbname=${tools.uri}`], io, { options });
}

async function endOtherSessions(server: PostgresServer, io: Io): Promise<void> {
  io.onProgress('ending sessions that keep the restore waiting');
  await withClient(server, io, (client) =>
    client.query(
      `SELECT pg_terminate_backend(a.pid) FROM pg_stat_activity a
       WHERE a.datname = current_database() AND a.pid <> pg_backend_pid() AND a.backend_type = 'client backend'
         AND EXISTS (SELECT FROM pg_locks l WHERE l.pid = a.pid AND l.locktype = 'relation' AND l.granted)`,
    ),
  );
}
