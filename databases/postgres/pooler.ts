import type { Client } from 'pg';
import { ConfigurationFailure } from '../../domain/failures';
import type { PostgresServer } from './server';

const KNOWN_DIRECT = new WeakSet<PostgresServer['settings']>();

/**
 * A pooler that gives a session another connection for each transaction would spread our settings over the sessions of
 * the app, and lose the lock of migrations. So this looks before anything is set.
 *
 * @throws ConfigurationFailure when two sessions share a connection to the server.
 */
export async function expectOwnSession(
  client: Client,
  server: PostgresServer,
  another: () => Promise<Client>,
): Promise<void> {
  if (KNOWN_DIRECT.has(server.settings)) return;
  const first = await backendOf(client);
  // A pooler answers a connection itself, with a number of its own.
  const greeted = (client as Client & { processID: number | null }).processID;
  if (first !== greeted && (await isShared(client, first, another))) {
    throw new ConfigurationFailure(
      `expected a connection to the server itself at ${server.name}, seen a pooler that shares sessions between transactions ` +
        '(as pgbouncer does with pool_mode = transaction): migrations and backups need a session of their own. Give the direct ' +
        `address of the server in the secret ${server.secret}; the app itself may keep the pooler`,
    );
  }
  KNOWN_DIRECT.add(server.settings);
}

/** The first session rests meanwhile; only a pooler that shares gives its connection to the second, or takes it away. */
async function isShared(client: Client, first: number, another: () => Promise<Client>): Promise<boolean> {
  const second = await another();
  try {
    await second.query('BEGIN');
    if ((await backendOf(second)) === first) return true;
    return (await backendOf(client)) !== first;
  } catch (error) {
    // Some poolers allow no transactions at all.
    if ((error as { code?: string }).code === '08P01') return true;
    throw error;
  } finally {
    await second.end().catch(() => undefined);
  }
}

async function backendOf(client: Client): Promise<number> {
  const { rows } = await client.query<{ pid: number }>('SELECT pg_catalog.pg_backend_pid() AS pid');
  return rows[0]!.pid;
}
