import {
  connect,
  createServer,
  type ClientHttp2Session,
  type Http2Server,
  type IncomingHttpHeaders,
  type ServerHttp2Stream,
} from 'node:http2';

const GRPC = { ':status': 200, 'content-type': 'application/grpc' };

/** Calls that are over, however they ended. */
export const ended: string[] = [];

/** A message of gRPC on the wire. */
export function framed(text: string): Buffer {
  const head = Buffer.alloc(5);
  head.writeUInt32BE(Buffer.byteLength(text), 1);
  return Buffer.concat([head, Buffer.from(text)]);
}

const SERVING = Buffer.from([0, 0, 0, 0, 2, 0x08, 1]);

const METHODS: Record<string, (stream: ServerHttp2Stream, headers: IncomingHttpHeaders) => void> = {
  // Answers each message as it comes, in both directions at once.
  '/fx.Rates/Chat': (stream) => {
    stream.respond(GRPC, { waitForTrailers: true });
    stream.on('data', (data: Buffer) => stream.write(data)).on('end', () => stream.end());
    stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0', 'x-sum': '42' }));
    stream.on('close', () => ended.push('chat'));
  },
  '/fx.Rates/Broken': (stream) =>
    stream.respond({ ...GRPC, 'grpc-status': '13', 'grpc-message': 'no%20rates' }, { endStream: true }),
  // Says what the client did wrong.
  '/fx.Rates/Refused': (stream) => stream.respond({ ...GRPC, 'grpc-status': '3' }, { endStream: true }),
  '/fx.Rates/Late': (stream) => {
    stream.respond(GRPC, { waitForTrailers: true });
    stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '14' }));
    stream.end(framed('half'));
  },
  '/fx.Rates/Silent': () => undefined,
  '/fx.Rates/Head': (stream, headers) => {
    stream.respond(GRPC, { waitForTrailers: true });
    stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }));
    stream.end(framed(JSON.stringify(headers)));
  },
  '/grpc.health.v1.Health/Check': (stream) => {
    stream.respond(GRPC, { waitForTrailers: true });
    stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }));
    stream.end(SERVING);
  },
};

/** A gRPC server; what is not a method is answered as a web server would. */
export function grpcVersion(): Http2Server {
  return createServer({ settings: { maxHeaderListSize: 1_000_000 } }).on('stream', (stream, headers) => {
    stream.on('error', () => undefined);
    const method = METHODS[headers[':path'] ?? ''];
    if (method) return method(stream, headers);
    stream.respond({ ':status': 200 });
    stream.end(`${headers[':method']} ${headers[':path']} ${headers[':authority']}`);
  });
}

export interface Called {
  head: IncomingHttpHeaders & { ':status'?: number };
  trailers: IncomingHttpHeaders;
  text: string;
}

/** Sends one message and answers all that came. */
export function call(session: ClientHttp2Session, path: string, more: IncomingHttpHeaders = {}): Promise<Called> {
  return new Promise((resolve, reject) => {
    const stream = session.request({
      ':method': 'POST',
      ':path': path,
      'content-type': 'application/grpc',
      te: 'trailers',
      ...more,
    });
    const called: Called = { head: {}, trailers: {}, text: '' };
    stream.on('response', (head) => (called.head = head)).on('trailers', (trailers) => (called.trailers = trailers));
    stream.on('data', (data: Buffer) => (called.text += data.toString('latin1')));
    stream.on('error', reject).on('end', () => resolve(called));
    stream.end(framed('ask'));
  });
}

export function dial(port: number, secure: boolean): ClientHttp2Session {
  const session = connect(`http${secure ? 's' : ''}://127.0.0.1:${port}`, { rejectUnauthorized: false });
  return session.on('error', () => undefined);
}
