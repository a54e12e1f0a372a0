import { connect, type ClientHttp2Session, type IncomingHttpHeaders } from 'node:http2';
import type { Duplex } from 'node:stream';
import { grpcHealthAnswer, grpcHealthRequest } from '../domain/grpc-health';
import type { ReadyCheck } from '../domain/health';
import { bytesOf } from './bytes';

/** HTTP/2 has other means for these. */
const OF_HTTP1 = new Set(['connection', 'host', 'keep-alive', 'transfer-encoding', 'upgrade']);

interface Question {
  host: string;
  tls: boolean;
  check: ReadyCheck;
  /** Bytes of a body that are looked at. */
  limit: number;
}

/** Asks over a connection on which HTTP/2 is spoken from the first byte. */
export async function exchangeHttp2(stream: Duplex, question: Question): Promise<{ status: number; body: string }> {
  const session = connect(`http${question.tls ? 's' : ''}://${question.host}`, { createConnection: () => stream });
  try {
    return await Promise.race([answered(session, question), failed(session)]);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    throw code === 'ERR_HTTP2_ERROR' ? new Error(`an answer that is not HTTP/2 (${message})`) : error;
  } finally {
    session.destroy();
  }
}

function failed(session: ClientHttp2Session): Promise<never> {
  return new Promise((_, reject) => {
    session.once('error', reject);
    session.once('close', () => reject(new Error('the connection was closed')));
  });
}

async function answered(session: ClientHttp2Session, { host, check, limit }: Question) {
  const given = Object.entries(check.headers).map(([name, value]) => [name.toLowerCase(), value] as const);
  const authority = given.find(([name]) => name === 'host')?.[1] ?? host;
  const { grpc } = check;
  const stream = session.request({
    'user-agent': 'spillway',
    ...Object.fromEntries(given.filter(([name]) => !OF_HTTP1.has(name))),
    ...(grpc !== undefined && { 'content-type': 'application/grpc', te: 'trailers' }),
    ':authority': authority,
    ':method': grpc === undefined ? check.method : 'POST',
    ':path': check.path,
  });
  let head: IncomingHttpHeaders & { ':status'?: number } = {};
  let trailers: IncomingHttpHeaders = {};
  stream.once('response', (headers) => (head = headers));
  stream.once('trailers', (headers) => (trailers = headers));
  stream.end(grpc === undefined ? check.body : grpcHealthRequest(grpc));
  const bytes = await bytesOf(stream, limit);
  const status = head[':status'] ?? 0;
  if (status === 0) throw new Error('the request was refused without an answer');
  if (grpc === undefined) return { status, body: bytes.toString('utf8') };
  const said = (name: string) => (trailers[name] ?? head[name]) as string | undefined;
  const body = { status, body: bytes, grpcStatus: said('grpc-status'), grpcMessage: said('grpc-message') };
  return { status, body: grpcHealthAnswer(body) };
}
