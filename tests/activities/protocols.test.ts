import { once } from 'node:events';
import { createServer as createHttp1 } from 'node:http';
import { createServer as createHttp2 } from 'node:http2';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { deployActivities } from '../../activities/deploy';
import { expectProtocols } from '../../activities/protocols';
import type { Replica } from '../../targets/replicas';
import { configOf, quietIo, releaseOf, uniqueScope } from '../targets/docker/fixture';
import { SlotWorld, run } from './slot-world';

let world: SlotWorld;
let server: Server | undefined;

beforeAll(async () => {
  world = await SlotWorld.open();
});
afterAll(() => world?.close());
afterEach(() => server?.close());

const HTTP2_ONLY =
  'HTTP/1.1 400 Bad Request\r\nContent-Length: 54\r\n\r\nAn HTTP/1.x request was sent to an HTTP/2 only endpoint.';
const SETTINGS = Buffer.from([0, 0, 0, 4, 0, 0, 0, 0, 0]);
const isHttp2 = (data: Buffer) => data.toString('latin1').startsWith('PRI ');

/** Says something when it hears something: nothing is silence, and null a hang-up. */
const saying = (say: (heard: Buffer) => string | Buffer | null | undefined) =>
  createServer((socket: Socket) => {
    socket
      .on('error', () => undefined)
      .once('data', (heard: Buffer) => {
        const said = say(heard);
        if (said === null) socket.destroy();
        else if (said !== undefined) socket.end(said);
      });
  });

const SERVERS: Record<string, () => Server> = {
  'an HTTP/1.1 server': () => createHttp1((_, response) => response.end('ok')),
  'an HTTP/1.1 server without such a page': () => createHttp1((_, response) => response.writeHead(404).end()),
  'an HTTP/1.1 server whose answer never ends': () => createHttp1((_, response) => response.write('data: 1\n\n')),
  'an HTTP/2 server': () => createHttp2((_, response) => response.end('ok')),
  'an HTTP/2 server that says in HTTP/1.1 that it speaks only HTTP/2': () =>
    saying((heard) => (isHttp2(heard) ? SETTINGS : HTTP2_ONLY)),
  'an HTTP/2 server that hangs up on anything else': () => saying((heard) => (isHttp2(heard) ? SETTINGS : null)),
  'an HTTP/1.1 server that hangs up on anything else': () =>
    saying((heard) => (isHttp2(heard) ? null : 'HTTP/1.1 401 Unauthorized\r\n\r\n')),
  'an HTTP/1.1 server that answers anything else in HTML': () =>
    saying((heard) => (isHttp2(heard) ? '<!DOCTYPE HTML>no' : 'HTTP/1.0 200 OK\r\n\r\n')),
  'a server of both': () => saying((heard) => (isHttp2(heard) ? SETTINGS : 'HTTP/1.1 200 OK\r\n\r\n')),
  'a server that takes its time for a page': () => saying((heard) => (isHttp2(heard) ? SETTINGS : undefined)),
  'a server that says nothing': () => saying(() => undefined),
  'a server that hangs up': () => saying(() => null),
  'a server of another protocol': () => saying(() => '-ERR unknown command\r\n'),
};

async function asked(name: string, service: object = {}) {
  server = SERVERS[name]!();
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address() as AddressInfo;
  const config = configOf('shop', { services: { web: { image: 'x', port, routes: [{ port: 80 }], ...service } } });
  const replica = { service: 'web', endpoint: { on: 'docker', address: '127.0.0.1', port } } as Replica;
  const release = releaseOf(uniqueScope());
  return expectProtocols({ config, release }, [replica], { target: world.target, io: quietIo() });
}

test.each([
  ['http1', 'an HTTP/1.1 server'],
  ['http1', 'an HTTP/1.1 server without such a page'],
  ['http1', 'an HTTP/1.1 server whose answer never ends'],
  ['http1', 'an HTTP/1.1 server that hangs up on anything else'],
  ['http1', 'a server of both'],
  ['h2c', 'an HTTP/2 server'],
  ['h2c', 'an HTTP/2 server that hangs up on anything else'],
  ['h2c', 'a server of both'],
])('what speaks its protocol passes: %s, %s [proves grpc]', async (protocol, name) => {
  await expect(asked(name, { protocol })).resolves.toBeUndefined();
});

test.each([
  ['an HTTP/2 server'],
  ['an HTTP/2 server that says in HTTP/1.1 that it speaks only HTTP/2'],
  ['an HTTP/2 server that hangs up on anything else'],
])('what speaks only HTTP/2 is refused without `protocol: h2c`: %s [proves grpc]', async (name) => {
  await expect(asked(name)).rejects.toMatchObject({
    name: 'ConfigurationFailure',
    message: expect.stringMatching(
      /^expected web of 1\.0\.0 to answer HTTP\/1\.1 on port \d+, seen that it speaks only HTTP\/2, .*: set `protocol: h2c` in services\.web$/,
    ),
  });
});

test.each([
  ['an HTTP/1.1 server'],
  ['an HTTP/1.1 server whose answer never ends'],
  ['an HTTP/1.1 server that hangs up on anything else'],
  ['an HTTP/1.1 server that answers anything else in HTML'],
])('what speaks only HTTP/1.1 is refused with `protocol: h2c`: %s [proves grpc]', async (name) => {
  await expect(asked(name, { protocol: 'h2c' })).rejects.toMatchObject({
    message: expect.stringContaining('seen that it speaks only HTTP/1.1'),
  });
});

test.each([
  ['http1', 'a server that takes its time for a page'],
  ['http1', 'a server that says nothing'],
  ['http1', 'a server that hangs up'],
  ['http1', 'a server of another protocol'],
  ['h2c', 'a server that says nothing'],
  ['h2c', 'a server that hangs up'],
])('nothing is refused without proof: %s, %s', async (protocol, name) => {
  await expect(asked(name, { protocol })).resolves.toBeUndefined();
});

test.each([
  ['whose health is asked over its port', { health: { endpoints: [{ path: '/' }] } }],
  ['without routes', { routes: [] }],
  ['without traffic', { routes: [], traffic: 'none', run: 'both' }],
])('a service is left alone %s', async (_, settings) => {
  await expect(asked('an HTTP/2 server', settings)).resolves.toBeUndefined();
});

test('a gRPC service that the file takes for HTTP/1.1 is refused when it is deployed [proves grpc]', async () => {
  const image = await world.target.images.pull('spillway/node:local', 'rates', quietIo());
  const command = ['-e', "require('node:http2').createServer((_, answer) => answer.end()).listen(8080)"];
  const rates = { image: 'spillway/node:local', command, port: 8080, routes: [{ port: 80 }], stopGrace: '1s' };
  const step = await world.step({ services: { rates } });
  const { deploySlot } = deployActivities(world.parts);
  const deployed = run(deploySlot, { ...step, slot: 'blue', images: [image], firstRelease: true });
  await expect(deployed).rejects.toThrow('set `protocol: h2c` in services.rates');
});
