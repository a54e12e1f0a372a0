import { setTimeout as wait } from 'node:timers/promises';
import { Client, type DatabaseError } from 'pg';
import { ConfigurationFailure, SpillwayFailure, UnreachableFailure } from '../../domain/failures';
import type { Io } from '../../domain/host';
import { asOurselves, endWithUs } from './session';

const CONNECT_MS = 10_000;
const END_MS = 2_000;

export interface PostgresServer {
  /** Contains the password, so only `pg` gets it. */
  connectionString: string;
  /** Has no password, so PostgreSQL's programs may get it as an argument. */
  uri: string;
  password: string;
  /** `HOST:PORT/DATABASE`, for people. */
  name: string;
}

/** @throws ConfigurationFailure, without quoting the string, since that has the password in it. */
export function parsePostgresUrl(url: string): PostgresServer {
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  if (!parsed || !/^postgres(ql)?:$/.test(parsed.protocol)) {
    throw new ConfigurationFailure(
      'expected the secret database.url to be postgres://USER:PASSWORD@HOST:PORT/DATABASE, seen something else',
    );
  }
  const name = `${parsed.searchParams.get('host') ?? parsed.host}${parsed.pathname}`;
  const password = decodeURIComponent(parsed.password) || parsed.searchParams.get('password') || '';
  // `pg` treats sslmode like libpq only with `uselibpqcompat`, which libpq itself refuses.
  const forPg = new URL(parsed);
  if (forPg.searchParams.has('sslmode')) forPg.searchParams.set('uselibpqcompat', 'true');
  const forLibpq = new URL(parsed);
  forLibpq.password = '';
  for (const key of ['password', 'uselibpqcompat']) forLibpq.searchParams.delete(key);
  return { connectionString: forPg.href, uri: forLibpq.href, password, name };
}

export function onDatabase(
  { connectionString, uri, password, name }: PostgresServer,
  database: string,
): PostgresServer {
  const moved = (text: string): string => {
    const url = new URL(text);
    url.pathname = `/${encodeURIComponent(database)}`;
    return url.href;
  };
  return {
    connectionString: moved(connectionString),
    uri: moved(uri),
    password,
    name: name.replace(/\/.*$/, `/${database}`),
  };
}

/** An abort cancels the running statement; connection errors become failures of Spillway. */
export async function withClient<T>(server: PostgresServer, io: Io, work: (client: Client) => Promise<T>): Promise<T> {
  io.signal.throwIfAborted();
  const client = await connect(server);
  const cancel = () => void cancelStatement(server, client);
  io.signal.addEventListener('abort', cancel, { once: true });
  try {
    return await work(client);
  } catch (error) {
    io.signal.throwIfAborted();
    throw connectionFailure(error, server) ?? error;
  } finally {
    io.signal.removeEventListener('abort', cancel);
    await Promise.race([client.end().catch(() => undefined), wait(END_MS, undefined, { ref: false })]);
  }
}

async function connect(server: PostgresServer): Promise<Client> {
  const client = new Client({
    connectionString: server.connectionString,
    application_name: 'spillway',
    connectionTimeoutMillis: CONNECT_MS,
    keepAlive: true,
  });
  // An idle connection that breaks emits this; unheard, it would end the process.
  client.on('error', () => undefined);
  try {
    await client.connect();
    await asOurselves(client);
    await endWithUs(client);
    return client;
  } catch (error) {
    await client.end().catch(() => undefined);
    throw connectionFailure(error, server) ?? error;
  }
}

async function cancelStatement(server: PostgresServer, client: Client): Promise<void> {
  const processId = (client as Client & { processID: number | null }).processID;
  try {
    const other = await connect(server);
    await other.query('SELECT pg_cancel_backend($1)', [processId]);
    await other.end();
  } catch {
    // The server notices the end of the connection by itself.
    await client.end().catch(() => undefined);
  }
}

const UNREACHABLE = /^(ECONN|EHOST|ENET|ENOTFOUND|EAI_AGAIN|ETIMEDOUT|EPIPE|ENOENT|08|57P0|53300)/;
const BROKEN =
  /Connection terminated|timeout expired|Query read timeout|Client (was closed|has encountered)|not queryable/;
const REFUSED = /^(28|3D000|42501)/;

/** Answers undefined when the error is not about the connection. */
function connectionFailure(error: unknown, server: PostgresServer): SpillwayFailure | undefined {
  if (error instanceof SpillwayFailure) return undefined;
  const { errors } = error as { errors?: Partial<DatabaseError>[] };
  const { code = '', message = '' } = errors?.[0] ?? (error as Partial<DatabaseError>);
  const seen = message.includes(code) ? message : `${code}: ${message}`;
  if (UNREACHABLE.test(code) || BROKEN.test(message)) {
    return new UnreachableFailure(
      `expected PostgreSQL at ${server.name} to answer, seen: ${seen}. Check that it runs and that the worker may reach it`,
    );
  }
  if (REFUSED.test(code) || /^SASL/.test(message)) {
    return new ConfigurationFailure(
      `expected PostgreSQL at ${server.name} to let Spillway in and do its work, seen: ${seen}. ` +
        'Correct the secret database.url, or the rights of its user',
    );
  }
  return undefined;
}
