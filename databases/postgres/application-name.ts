import { createHash } from 'node:crypto';
import type { Io } from '../../domain/host';
import type { Scope } from '../../domain/release';
import { withClient } from './connection';
import type { PostgresServer } from './server';

/** PostgreSQL cuts off longer names. */
const LONGEST = 63;

/** The name holds the environment, so that ending sessions by name ends none of another environment. */
export function applicationName(program: 'tool' | 'migrations', { app, environment }: Scope): string {
  const name = `spillway ${program} ${app}/${environment}`;
  if (name.length <= LONGEST) return name;
  const digest = createHash('sha256').update(name).digest('hex').slice(0, 16);
  return `${name.slice(0, LONGEST - digest.length - 1)}#${digest}`;
}

/** A dead worker may have left sessions running. */
export async function endSessionsOf(name: string, server: PostgresServer, io: Io): Promise<void> {
  await withClient(server, io, (client) =>
    client.query(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
       WHERE application_name = $1 AND datname = current_database() AND usename = session_user`,
      [name],
    ),
  );
}
