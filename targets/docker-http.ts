import { request, type IncomingMessage } from 'node:http';
import { connect as connectTls } from 'node:tls';
import type { Duplex } from 'node:stream';
import type { HttpCheck } from '../domain/config';
import { UnreachableFailure } from '../domain/failures';
import type { Host, Io } from '../domain/host';
import type { Answer } from './target';

/** Most of a body that is looked at, in bytes. */
const BODY_LIMIT = 1024 * 1024;

/** Where a question goes, as seen from the host. */
export interface Asked {
  host: string;
  port: number;
  hostHeader?: string;
  tls?: boolean;
}

/**
 * Asks over HTTP from the host's point of view, with a connection of its own.
 *
 * @throws UnreachableFailure when there is no complete answer within the check's time-out.
 */
export async function askFrom(host: Host, at: Asked, check: HttpCheck, io: Io): Promise<Answer> {
  const limit = AbortSignal.timeout(check.timeout);
  const within: Io = { ...io, signal: AbortSignal.any([io.signal, limit]) };
  const started = performance.now();
  let stream: Duplex | undefined;
  try {
    stream = await host.connect({ host: at.host, port: at.port }, within);
    const { status, body } = await exchange(at.tls ? await secured(stream, at) : stream, at, check, within.signal);
    return { status, body, latency: performance.now() - started };
  } catch (error) {
    io.signal.throwIfAborted();
    const seen = limit.aborted ? `none within ${check.timeout} ms` : (error as Error).message;
    throw new UnreachableFailure(
      `expected an answer from http${at.tls ? 's' : ''}://${at.host}:${at.port}${check.path}, seen ${seen}`,
    );
  } finally {
    stream?.destroy();
  }
}

function exchange(
  stream: Duplex,
  at: Asked,
  check: HttpCheck,
  signal: AbortSignal,
): Promise<{ status: number; body: string }> {
  return new Promise((resolve, reject) => {
    const outgoing = request({
      createConnection: () => stream,
      method: check.method,
      path: check.path,
      headers: {
        host: at.hostHeader ?? `${at.host}:${at.port}`,
        'user-agent': 'spillway',
        ...check.headers,
        connection: 'close',
      },
      signal,
    });
    outgoing.once('error', reject);
    outgoing.once('response', (response) => {
      read(response).then((body) => resolve({ status: response.statusCode ?? 0, body }), reject);
    });
    outgoing.end(check.body);
  });
}

async function read(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of response) {
    size += (chunk as Buffer).length;
    if (size <= BODY_LIMIT) chunks.push(chunk as Buffer);
  }
  return Buffer.concat(chunks).toString('utf8');
}

/** The host asks its own router: what counts is the answer, and its certificate names no address of the host. */
function secured(stream: Duplex, at: Asked): Promise<Duplex> {
  return new Promise((resolve, reject) => {
    const servername = at.hostHeader?.replace(/:\d+$/, '');
    const socket = connectTls({ socket: stream, rejectUnauthorized: false, ...(servername && { servername }) });
    socket.once('secureConnect', () => resolve(socket));
    socket.once('error', reject);
    stream.once('close', () => reject(new Error('the connection was closed during the TLS handshake')));
  });
}
