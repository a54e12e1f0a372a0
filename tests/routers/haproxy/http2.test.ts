import { createHash } from 'node:crypto';
import { execFile } from 'node:child_process';
import { mkdir } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { connect, type ClientHttp2Session } from 'node:http2';
import { once } from 'node:events';
import { promisify } from 'node:util';
import type { Routing } from '../../../routers/router';
import { introduce, RouterWorld } from '../../support/router-world';
import { until } from '../../support/until';
import { freePorts } from '../../support/free-port';

/* Over HTTP/2, which HAProxy speaks with clients by TLS, hosts and paths match as they do over HTTP/1.1. */

const scope = { app: 'fx-shop', environment: 'production' };
const versions: Server[] = [];
let world: RouterWorld;
let session: ClientHttp2Session;

beforeAll(async () => {
  world = await RouterWorld.open('http2');
  const [port, ...behind] = (await freePorts(4)) as [number, number, number, number];
  const certificates = `${world.directory}/certificates`;
  await mkdir(certificates);
  const files = ['-keyout', `${certificates}/site.pem.key`, '-out', `${certificates}/site.pem`];
  const made = ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', '-subj', '/CN=localhost'];
  await promisify(execFile)('openssl', [...made, ...files]);
  const routes: Record<string, Routing['services'][number]['routes']> = {
    shop: [{ port, host: 'shop.example' }],
    wild: [{ port, host: '*.example' }],
    api: [{ port, path: '/api' }],
  };
  const services = Object.entries(routes).map(([service, of], index) => {
    const server = createServer((request, response) => {
      response.end(`${service} ${request.method} ${request.url} ${request.headers.host}`);
    });
    server.on('upgrade', ({ url, headers }, socket) => {
      socket.write('HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n');
      socket.write(`Sec-WebSocket-Accept: ${acceptOf(headers['sec-websocket-key'])}\r\nX-Url: ${url}\r\n\r\n`);
      socket.on('error', () => socket.destroy()).pipe(socket);
    });
    versions.push(server.listen(behind[index], '127.0.0.1'));
    const blue = [{ on: 'docker' as const, address: '127.0.0.1', port: behind[index]! }];
    return { service, routes: of, slots: { blue, green: blue } };
  });
  const router = world.haproxy({ tls: { certificates, ports: [port] } });
  await introduce(router, { scope, affinity: false, services });
  session = connect(`https://127.0.0.1:${port}`, { rejectUnauthorized: false });
  await once(session, 'connect');
}, 300_000);

afterAll(async () => {
  session?.destroy();
  for (const server of versions) server.close();
  await world?.close();
});

function acceptOf(key = ''): string {
  return createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64');
}

async function ask(authority: string, path: string, method = 'GET'): Promise<string | number> {
  const stream = session.request({ ':authority': authority, ':path': path, ':method': method });
  const answered = once(stream, 'response');
  stream.end();
  const [headers] = (await answered) as [Record<string, string | number>];
  let body = '';
  for await (const chunk of stream) body += String(chunk);
  return headers[':status'] === 200 ? body : Number(headers[':status']);
}

test.each([
  ['Shop.example.:8443', '/x?y', 'shop GET /x?y Shop.example.:8443'],
  ['a.b.example', '/', 'wild GET / a.b.example'],
  ['other.test', '//%61pi', 'api GET //%61pi other.test'],
  ['other.test', '/api2', 404],
  ['other.test', '/api/../x', 400],
  ['shop.example', '/%zz', 400],
  ['shop..example', '/', 400],
  ['user@shop.example', '/', 400],
])('%s %s over HTTP/2 is answered by %s [proves hosts, paths]', async (authority, path, answer) => {
  expect(await ask(authority, path)).toBe(answer);
});

test('browsers open a WebSocket over HTTP/2, which the version sees as one over HTTP/1.1', async () => {
  await until(() => session.remoteSettings?.enableConnectProtocol);
  const socket = session.request({
    ':method': 'CONNECT',
    ':protocol': 'websocket',
    ':scheme': 'https',
    ':authority': 'shop.example',
    ':path': '/chat%2F1?a=b',
    'sec-websocket-version': '13',
  });
  const [head] = (await once(socket, 'response')) as [Record<string, unknown>];
  expect(head).toMatchObject({ ':status': 200, 'x-url': '/chat%2F1?a=b' });
  socket.write('hello');
  const [echoed] = (await once(socket, 'data')) as [Buffer];
  expect(echoed.toString()).toBe('hello');
  socket.close();
});
