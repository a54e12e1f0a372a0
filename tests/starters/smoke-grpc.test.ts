import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer as createHttpServer } from 'node:http';
import { createSecureServer, createServer, type ServerHttp2Stream } from 'node:http2';
import { createServer as createNetServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import { certificateIn } from '../support/certificate';
import { freePort } from '../support/free-port';
import { grpcVersion } from '../routers/grpc-version';
import { createProject, type Project } from './project';

/* What `spillway smoke` says of the health of gRPC, asked at ports of every kind. */

const GRPC = { ':status': 200, 'content-type': 'application/grpc' };
const SERVICES = { rates: { image: 'fx-rates', port: 50051, protocol: 'h2c', routes: [{ port: 443 }] } };

let project: Project;
let authority: string;
let pair: { key: string; cert: string };
let server: Server | undefined;
const sockets: Socket[] = [];

beforeAll(async () => {
  project = await createProject({});
  const { certificate, key } = await certificateIn(project.directory);
  authority = certificate;
  pair = { key: await readFile(key, 'utf8'), cert: await readFile(certificate, 'utf8') };
  const checks = [{ service: 'rates', grpc: 'fx.Rates', timeout: '5s' }];
  await project.configure({ services: SERVICES, smoke: { checks } });
});
afterEach(() => {
  sockets.splice(0).forEach((socket) => socket.destroy());
  server?.close();
});
afterAll(() => project.remove());

/** Answers its port. */
async function listening(one: Server): Promise<number> {
  server = one.on('connection', (socket: Socket) => sockets.push(socket)).listen(0, 'localhost');
  await once(one, 'listening');
  return (one.address() as AddressInfo).port;
}

const answering = (answer: (stream: ServerHttp2Stream) => void) =>
  createServer().on('stream', (stream: ServerHttp2Stream) => {
    stream.on('error', () => undefined);
    answer(stream);
  });
const smoke = (url: string, ...more: string[]) => project.run('smoke', '-e', 'production', '--url', url, ...more);
/** In a process of its own, since Node reads the authorities it trusts when it starts. */
const trusting = (url: string) => {
  const file = ['-f', `${project.directory}/spillway.yaml`, '-e', 'production'];
  return project.start(['smoke', ...file, '--url', url], { env: { NODE_EXTRA_CA_CERTS: authority } }).ended;
};

test('it passes by prior knowledge where there is no TLS [proves grpc]', async () => {
  const { code, stdout } = await smoke(`http://localhost:${await listening(grpcVersion())}`);
  expect({ code, stdout }).toEqual({ code: 0, stdout: expect.stringMatching(/ok .*Health\/Check +SERVING in \d+ ms/) });
});

test('it passes over TLS where the certificate is trusted, and says so where it is not [proves grpc]', async () => {
  const secure = createSecureServer({ ...pair, allowHTTP1: true });
  secure.on('stream', (stream) => {
    stream.respond(GRPC, { waitForTrailers: true });
    stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }));
    stream.end(Buffer.from([0, 0, 0, 0, 2, 0x08, 1]));
  });
  const url = `https://localhost:${await listening(secure)}`;
  const untrusted = await smoke(url);
  expect(untrusted).toMatchObject({ code: 69, stdout: expect.stringMatching(/self.signed certificate/i) });
  expect(await trusting(url)).toMatchObject({ code: 0, stdout: expect.stringContaining('SERVING in') });
});

test.each<[string, (stream: ServerHttp2Stream) => void, string]>([
  [
    'a server that does not know the service',
    (stream) => stream.respond({ ...GRPC, 'grpc-status': '5', 'grpc-message': 'no%20fx' }, { endStream: true }),
    'expected SERVING, seen "grpc-status 5 (NOT_FOUND): no fx"',
  ],
  [
    'a route that is not there',
    (stream) => stream.respond({ ':status': 404 }, { endStream: true }),
    'seen "an answer of HTTP status 404 that is not one of gRPC"',
  ],
])('%s does not pass [proves grpc]', async (_what, answer, said) => {
  const { code, stdout } = await smoke(`http://localhost:${await listening(answering(answer))}`);
  expect({ code, stdout }).toEqual({ code: 1, stdout: expect.stringContaining(said) });
});

test.each<[string, 'http' | 'https', () => Server, string]>([
  ['HTTP/1.1 only', 'http', () => createHttpServer(), 'an answer that is not HTTP/2'],
  ['nothing at all', 'http', () => createNetServer(), 'none in 300 ms'],
  ['nothing of TLS', 'https', () => createNetServer(), 'none in 300 ms'],
  ['HTTP/2, and hangs', 'http', () => answering(() => undefined), 'none in 300 ms'],
  ['HTTP/2, and resets', 'http', () => answering((stream) => stream.close(2)), 'NGHTTP2_INTERNAL_ERROR'],
  ['and hangs up', 'http', () => createNetServer((socket) => socket.destroy()), 'the connection was closed'],
])('a port that speaks %s ends it with 69 [proves grpc]', async (_what, scheme, open, said) => {
  const { code, stdout } = await smoke(`${scheme}://localhost:${await listening(open())}`, '--timeout', '300ms');
  expect({ code, stdout }).toEqual({ code: 69, stdout: expect.stringContaining(said) });
});

test('a port that speaks TLS, but not HTTP/2, ends it with 69 [proves grpc]', async () => {
  const { code, stdout } = await trusting(`https://localhost:${await listening(createTlsServer(pair))}`);
  const said = 'seen a port that does not speak HTTP/2 over TLS';
  expect({ code, stdout }).toEqual({ code: 69, stdout: expect.stringContaining(said) });
});

test('a port at which nothing listens ends it with 69 [proves grpc]', async () => {
  const { code, stdout } = await smoke(`http://localhost:${await freePort()}`);
  expect({ code, stdout }).toEqual({ code: 69, stdout: expect.stringContaining('ECONNREFUSED') });
});
