import { request } from 'node:http';
import { isIP } from 'node:net';
import { connect as connectTls } from 'node:tls';
import type { Duplex } from 'node:stream';
import { UnreachableFailure } from '../../domain/failures';
import type { ReadyCheck } from '../../domain/health';
import type { Host, Io } from '../../domain/host';
import { formatDuration } from '../../domain/units';
import type { Answer, Asked } from '../replicas';
import { exchangeHttp2 } from '../../waiting/http2';
import { TimeUp, within } from '../../waiting/within';
import { textOf } from './text';

/** Bytes of a body that are looked at. */
const BODY_LIMIT = 1024 * 1024;

/** @throws UnreachableFailure when there is no complete answer within the check's time-out. */
export async function askFrom(host: Host, at: Asked, check: ReadyCheck, io: Io): Promise<Answer> {
  const started = performance.now();
  try {
    const { status, body } = await within({ signal: io.signal, limit: check.timeout }, (signal) =>
      ask(host, at, check, { ...io, signal }),
    );
    return { status, body, latency: performance.now() - started };
  } catch (error) {
    io.signal.throwIfAborted();
    const seen = error instanceof TimeUp ? `none within ${formatDuration(error.limitMs)}` : (error as Error).message;
    const url = `http${at.tls ? 's' : ''}://${addressOf(at)}${check.path}`;
    throw new UnreachableFailure(`expected an answer from ${url}, seen ${seen}`);
  }
}

async function ask(host: Host, at: Asked, check: ReadyCheck, io: Io): Promise<{ status: number; body: string }> {
  const stream = await host.connect({ host: at.endpoint.address, port: at.endpoint.port }, io);
  const stop = (): void => void stream.destroy();
  io.signal.addEventListener('abort', stop, { once: true });
  try {
    const open = at.tls ? await secured(stream, at) : stream;
    if (at.protocol !== 'h2c') return await exchange(open, at, check);
    const host = at.hostHeader ?? addressOf(at);
    return await exchangeHttp2(open, { host, tls: at.tls ?? false, check, limit: BODY_LIMIT });
  } finally {
    stop();
  }
}

function addressOf({ endpoint }: Asked): string {
  return `${endpoint.address}:${endpoint.port}`;
}

function exchange(stream: Duplex, at: Asked, check: ReadyCheck): Promise<{ status: number; body: string }> {
  return new Promise((resolve, reject) => {
    const outgoing = request({
      createConnection: () => stream,
      method: check.method,
      path: check.path,
      headers: {
        host: at.hostHeader ?? addressOf(at),
        'user-agent': 'spillway',
        ...check.headers,
        connection: 'close',
      },
    });
    outgoing.once('error', reject);
    outgoing.once('response', (response) => {
      textOf(response, BODY_LIMIT).then((body) => resolve({ status: response.statusCode ?? 0, body }), reject);
    });
    outgoing.end(check.body);
  });
}

/** The host asks its own router, whose certificate does not name the host's address, so it is not checked. */
function secured(stream: Duplex, at: Asked): Promise<Duplex> {
  return new Promise((resolve, reject) => {
    const name = at.hostHeader?.replace(/:\d+$/, '');
    // What TLS calls a server name is never an address.
    const servername = name !== undefined && !isIP(name.replace(/^\[|\]$/g, '')) ? name : undefined;
    const ALPNProtocols = at.protocol === 'h2c' ? ['h2'] : undefined;
    const options = { ...(servername && { servername }), ...(ALPNProtocols && { ALPNProtocols }) };
    const socket = connectTls({ socket: stream, rejectUnauthorized: false, ...options });
    socket.once('secureConnect', () => {
      if (!ALPNProtocols || socket.alpnProtocol === 'h2') return resolve(socket);
      reject(new Error('a port that does not speak HTTP/2 over TLS'));
    });
    socket.once('error', reject);
    stream.once('close', () => reject(new Error('the connection was closed during the TLS handshake')));
  });
}
