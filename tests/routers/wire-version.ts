import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { connect, type Socket } from 'node:net';
import { createHash } from 'node:crypto';

type Answer = (request: IncomingMessage, response: ServerResponse) => unknown;

/** The test says when an answer that waits goes on. */
export const held: ServerResponse[] = [];

const ANSWERS: Record<string, Answer> = {
  '/head': (request, response) => response.end(JSON.stringify(request.rawHeaders)),
  '/url': ({ url }, response) => response.end(url),
  '/answer-head': ({ url }, response) => {
    const bytes = Number(new URL(url!, 'http://x').searchParams.get('bytes'));
    for (let left = bytes, index = 0; left > 0; left -= 4_000)
      response.setHeader(`x-${index++}`, 'a'.repeat(Math.min(left, 4_000)));
    response.end('ok');
  },
  '/answer-headers': (_, response) => {
    for (let index = 0; index < 950; index++) response.setHeader(`x-${index}`, '1');
    response.end('ok');
  },
  '/stream': (_, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' }).write('data: first\n\n');
    held.push(response);
  },
  '/upload': (request, response) => {
    let bytes = 0;
    request.once('data', () => held.push(response));
    request.on('data', (chunk: Buffer) => (bytes += chunk.length)).on('end', () => response.end(String(bytes)));
  },
  '/silent': () => undefined,
  '/pause': ({ url }, response) => {
    response.write('begun');
    setTimeout(() => response.end(' ended'), Number(new URL(url!, 'http://x').searchParams.get('ms')));
  },
  '/hints': (_, response) => {
    response.writeEarlyHints({ link: '</a.css>; rel=preload' });
    response.end('hinted');
  },
  '/trailers': (_, response) => {
    response.writeHead(200, { trailer: 'x-sum' }).write('body');
    response.addTrailers({ 'x-sum': '42' });
    response.end();
  },
  '/204': (_, response) => response.writeHead(204).end(),
  '/304': (_, response) => response.writeHead(304, { etag: '"1"' }).end(),
  '/length': (_, response) => response.writeHead(200, { 'content-length': 5 }).end('hello'),
  '/until-closed': (_, response) => {
    response.useChunkedEncodingByDefault = false;
    response.writeHead(200, { connection: 'close' }).end('all of it');
  },
  '/cut': ({ socket }) => socket.destroy(),
};

/** A version that answers in all the ways of HTTP/1.1, by path. */
export function wireVersion(): Server {
  const version = createServer({ maxHeaderSize: 1_048_576, keepAliveTimeout: 60_000 }, (request, response) =>
    (ANSWERS[request.url!.split('?')[0]!] ?? ANSWERS['/url'])!(request, response),
  );
  version.maxHeadersCount = 0;
  return version.on('upgrade', (request: IncomingMessage, socket: Socket) => {
    const key = `${request.headers['sec-websocket-key']}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`;
    const accept = createHash('sha1').update(key).digest('base64');
    const lines = [
      'Upgrade: websocket',
      'Connection: Upgrade',
      `Sec-WebSocket-Accept: ${accept}`,
      `X-Url: ${request.url}`,
    ];
    socket.write(`HTTP/1.1 101 Switching Protocols\r\n${lines.join('\r\n')}\r\n\r\n`);
    socket.on('error', () => undefined).pipe(socket);
  });
}

export const lines = (...given: string[]): string => `${given.join('\r\n')}\r\n\r\n`;

/** A connection on which the test writes what it likes. */
export async function open(port: number) {
  const socket = connect(port, '127.0.0.1')
    .setNoDelay(true)
    .on('error', () => undefined);
  let text = '';
  socket.setEncoding('latin1').on('data', (more: string) => (text += more));
  await once(socket, 'connect');
  return { socket, text: () => text };
}

/** Sends this and answers all that comes until the router closes. */
export async function sent(port: number, ...given: string[]): Promise<string> {
  const { socket, text } = await open(port);
  socket.write(lines(...given));
  if (!socket.closed) await once(socket, 'close');
  return text();
}
