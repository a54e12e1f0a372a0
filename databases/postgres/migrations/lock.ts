import type { ClientBase } from 'pg';
import { UnreachableFailure } from '../../../domain/failures';
import type { Io } from '../../../domain/host';
import { formatDuration } from '../../../domain/units';
import { until } from '../../../waiting/until';

/** The key of the advisory lock: `SPLW` in ASCII, and 1 for migrations. */
const KEY = [0x53504c57, 1];
const POLL_MS = 200;
const OURS = `l.locktype = 'advisory' AND l.granted AND l.classid = $1 AND l.objid = $2 AND l.objsubid = 2
  AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())`;

/**
 * Waits up to `limit` ms for the lock, which ends with the connection.
 *
 * @throws UnreachableFailure, which names the holder; another try may find the lock free.
 */
export async function takeMigrationLock(client: ClientBase, limit: number, io: Io): Promise<void> {
  let holder = '';
  const isTaken = await until({ signal: io.signal, pause: POLL_MS, limit }, async () => {
    const { rows } = await client.query<{ taken: boolean }>('SELECT pg_try_advisory_lock($1, $2) AS taken', KEY);
    if (rows[0]?.taken) return true;
    holder = await describeHolder(client);
    io.onProgress(`waiting for another migrator: ${holder}`);
  });
  if (isTaken) return;
  throw new UnreachableFailure(
    `expected to be the only one who migrates within ${formatDuration(limit)}, but ${holder} still does. ` +
      'Wait for it, or end it with pg_terminate_backend',
  );
}

/** A migration may have released the lock. */
export async function holdsMigrationLock(client: ClientBase): Promise<boolean> {
  const { rows } = await client.query(`SELECT 1 FROM pg_locks l WHERE ${OURS} AND l.pid = pg_backend_pid()`, KEY);
  return rows.length > 0;
}

async function describeHolder(client: ClientBase): Promise<string> {
  const { rows } = await client.query<{ pid: number; name: string; since: string; address: string }>(
    `SELECT a.pid, a.application_name AS name, to_char(a.backend_start, 'HH24:MI:SS TZ') AS since,
            coalesce(host(a.client_addr), 'local') AS address
     FROM pg_locks l JOIN pg_stat_activity a USING (pid) WHERE ${OURS}`,
    KEY,
  );
  const [holder] = rows;
  if (!holder) return 'another session';
  return `${holder.name || 'a session'} (backend ${holder.pid} from ${holder.address}, since ${holder.since})`;
}
