import type { ClientBase } from 'pg';
import type { Io } from '../../domain/host';
import { withClient } from './connection';
import { listed } from './ownership';
import type { PostgresServer } from './server';

const TABLES = `
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname !~ '^(pg_|information_schema$)'
  AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')`;

/** pg_dump refuses to leave rows out, so it fails where row-level security would. */
const HIDDEN_ROWS = `SELECT format('%I.%I', n.nspname, c.relname) AS name ${TABLES}
  AND c.relkind IN ('r', 'p') AND row_security_active(c.oid) ORDER BY 1`;

const UNREADABLE = `SELECT format('%I.%I', n.nspname, c.relname) AS name ${TABLES}
  AND c.relkind IN ('r', 'p', 'S') AND NOT (has_schema_privilege(n.oid, 'USAGE') AND CASE c.relkind
    WHEN 'S' THEN has_sequence_privilege(c.oid, 'SELECT') ELSE has_table_privilege(c.oid, 'SELECT') END) ORDER BY 1`;

/** Answers why a backup would fail, or be one of another database, without locks. */
export async function backupMistakes(server: PostgresServer, backup: PostgresServer, io: Io): Promise<string[]> {
  if (backup === server) return dumpMistakes(server, io);
  const [own, other] = [await identityOf(server, io), await identityOf(backup, io)];
  const isSame = own.database === other.database && (!own.cluster || !other.cluster || own.cluster === other.cluster);
  if (isSame) return dumpMistakes(backup, io);
  return [
    `expected ${backup.secret} to lead to the database of ${server.secret}, ${server.name}, which a restore replaces by what was ` +
      `dumped, seen another one, ${backup.name}: correct it`,
  ];
}

interface Identity {
  database: string;
  /** Absent where the role may not know. */
  cluster?: string;
}

/** Replicas have the identity of their primary. */
async function identityOf(server: PostgresServer, io: Io): Promise<Identity> {
  return withClient(server, io, async (client) => {
    const { rows } = await client.query<{ database: string; may: boolean }>(
      `SELECT oid || ' ' || datname AS database, has_function_privilege('pg_control_system()', 'EXECUTE') AS may
       FROM pg_database WHERE datname = current_database()`,
    );
    const { database, may } = rows[0]!;
    if (!may) return { database };
    const asked = 'SELECT system_identifier::text AS cluster FROM pg_control_system()';
    return { database, ...(await client.query<{ cluster: string }>(asked)).rows[0] };
  });
}

async function dumpMistakes(server: PostgresServer, io: Io): Promise<string[]> {
  return withClient(server, io, async (client) => {
    const { rows } = await client.query<{ role: string }>('SELECT current_user AS role');
    const role = rows[0]!.role;
    const [hidden, unreadable] = [await named(client, HIDDEN_ROWS), await named(client, UNREADABLE)];
    const found: string[] = [];
    if (hidden.length > 0) {
      found.push(
        `expected the database user ${role} to read all rows of every table, as a backup must, seen row-level security on ` +
          `${listed(hidden)}: ALTER ROLE ${role} BYPASSRLS, or give another role's connection string in database.backupUrl`,
      );
    }
    if (unreadable.length > 0) {
      found.push(
        `expected the database user ${role} to read every table and sequence, as a backup must, seen that it may not read ` +
          `${listed(unreadable)}: GRANT SELECT on them (and USAGE on their schemas), or give another role's connection string ` +
          'in database.backupUrl',
      );
    }
    return found;
  });
}

async function named(client: ClientBase, sql: string): Promise<string[]> {
  return (await client.query<{ name: string }>(sql)).rows.map(({ name }) => name);
}
