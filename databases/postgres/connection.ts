import { Socket } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import { Client } from 'pg';
import type { ConnectionOptions } from 'node:tls';
import { UnreachableFailure } from '../../domain/failures';
import type { Io } from '../../domain/host';
import { connectingFailure, connectionFailure, mayTryNext, mayTryOtherwise } from './connection-failure';
import { passwordOf } from './password-file';
import { expectOwnSession } from './pooler';
import { connectSeconds, onHost, type PostgresHost, type PostgresServer } from './server';
import { asOurselves, endWithUs } from './session';
import { silentLast, rememberingSilence } from './silent-hosts';
import { tlsTries } from './tls';

const END_MS = 2_000;

/**
 * An abort cancels the running statement; connection errors become failures of Spillway. `work` also gets the server
 * with the one host of a list that answered.
 */
export async function withClient<T>(
  server: PostgresServer,
  io: Io,
  work: (client: Client, found: PostgresServer) => Promise<T>,
): Promise<T> {
  io.signal.throwIfAborted();
  const { client, found } = await connect(server);
  const cancel = () => void cancelStatement(found, client);
  io.signal.addEventListener('abort', cancel, { once: true });
  try {
    return await work(client, found);
  } catch (error) {
    io.signal.throwIfAborted();
    throw connectionFailure(error, found) ?? error;
  } finally {
    io.signal.removeEventListener('abort', cancel);
    await Promise.race([client.end().catch(() => undefined), wait(END_MS, undefined, { ref: false })]);
  }
}

interface Connected {
  client: Client;
  found: PostgresServer;
}

async function connect(server: PostgresServer): Promise<Connected> {
  const { client, found } = await findHost(server);
  try {
    await expectOwnSession(client, found, () => tryHost(found, found.hosts[0]!));
    await asOurselves(client);
    await endWithUs(client);
    return { client, found };
  } catch (error) {
    await client.end().catch(() => undefined);
    throw connectionFailure(error, found) ?? error;
  }
}

/** Tries the hosts of a list, and takes the first that is as `target_session_attrs` says. */
async function findHost(server: PostgresServer): Promise<Connected> {
  const wanted = server.settings.target_session_attrs ?? 'any';
  // The second round of prefer-standby takes any.
  for (const attribute of wanted === 'prefer-standby' ? ['standby', 'any'] : [wanted]) {
    const seen: string[] = [];
    for (const host of silentLast(server.hosts)) {
      const found = onHost(server, host);
      try {
        const client = await rememberingSilence(host, () => tryHost(found, host, connectSeconds(server)));
        if (await isWanted(client, attribute)) return { client, found };
        await client.end();
        seen.push(`${host.host}:${host.port} is not ${attribute}`);
      } catch (error) {
        const failure = connectingFailure(error, found);
        if (server.hosts.length === 1 || !mayTryNext(failure)) throw failure;
        seen.push((failure as Error).message);
      }
    }
    if (attribute === wanted || attribute === 'any') throw noHost(server, wanted, seen);
  }
  throw noHost(server, wanted, []);
}

function noHost(server: PostgresServer, wanted: string, seen: string[]): UnreachableFailure {
  return new UnreachableFailure(
    `expected one of ${server.name} to answer with target_session_attrs=${wanted}, seen: ${seen.join('; ')}`,
  );
}

async function isWanted(client: Client, attribute: string): Promise<boolean> {
  if (attribute === 'any') return true;
  const { rows } = await client.query<{ standby: boolean; readonly: boolean }>(
    `SELECT pg_catalog.pg_is_in_recovery() AS standby, current_setting('transaction_read_only') = 'on' AS readonly`,
  );
  const { standby, readonly } = rows[0]!;
  const isReadOnly = standby || readonly;
  return { primary: !standby, standby, 'read-only': isReadOnly, 'read-write': !isReadOnly }[attribute] ?? true;
}

/** Tries with and without TLS as `sslmode` says. */
async function tryHost(server: PostgresServer, host: PostgresHost, seconds = connectSeconds(server)): Promise<Client> {
  const tries = await tlsTries(server, host);
  for (const [index, ssl] of tries.entries()) {
    try {
      return await open({ server, host, seconds, ssl });
    } catch (error) {
      if (index === tries.length - 1 || !mayTryOtherwise(error)) throw error;
    }
  }
  throw new Error('there is always one way to try');
}

interface Opening {
  server: PostgresServer;
  host: PostgresHost;
  seconds: number;
  ssl: false | ConnectionOptions;
}

async function open({ server, host: place, seconds, ssl }: Opening): Promise<Client> {
  const { settings, user, database } = server;
  const password = await passwordOf(server, place);
  const socket = new Socket();
  const client = new Client({
    stream: () => socket,
    host: place.address ?? place.host,
    port: place.port,
    user,
    database,
    // The driver would take an empty one from the worker's own environment.
    password: () => password,
    ssl,
    sslnegotiation: ssl && settings.sslnegotiation === 'direct' ? 'direct' : 'postgres',
    enableChannelBinding: settings.channel_binding !== 'disable',
    client_encoding: 'UTF8',
    application_name: 'spillway',
    connectionTimeoutMillis: seconds * 1_000,
    keepAlive: settings.keepalives !== '0',
  });
  // Where there are none, the driver would take those of the worker's environment (PGOPTIONS).
  (client as Client & { connectionParameters: { options?: string } }).connectionParameters.options = settings.options;
  // An idle connection that breaks emits this; unheard, it would end the process.
  client.on('error', () => undefined);
  try {
    await client.connect();
    return client;
  } catch (error) {
    // The driver would wait for ever for the end of a connection whose TLS the server has ended.
    socket.destroy();
    throw error;
  }
}

async function cancelStatement(found: PostgresServer, client: Client): Promise<void> {
  const processId = (client as Client & { processID: number | null }).processID;
  try {
    const other = await tryHost(found, found.hosts[0]!);
    await other.query('SELECT pg_catalog.pg_cancel_backend($1)', [processId]);
    await other.end();
  } catch {
    // The server notices the end of the connection by itself.
    await client.end().catch(() => undefined);
  }
}
