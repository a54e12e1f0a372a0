import { createServer, type Server } from 'node:http';
import { connect } from 'node:net';
import type { Routing } from '../../routers/router';
import { introduce, RouterWorld } from '../support/router-world';
import { freePorts } from '../support/free-port';
import { GROUPS, type Asked } from './matching';

const scope = { app: 'fx-shop', environment: 'production' };
const NAMES = GROUPS.map(({ routes }, group) => Object.keys(routes).map((name) => ({ group, name }))).flat();

describe.each(['haproxy', 'nginx'] as const)('%s', (kind) => {
  const versions: Server[] = [];
  let world: RouterWorld;
  let ports: number[];

  /** Each group has a port of its own; each of its services answers its name, and the path that it was asked for. */
  beforeAll(async () => {
    world = await RouterWorld.open(`matching-${kind}`);
    ports = await freePorts(GROUPS.length + NAMES.length);
    const services = NAMES.map(({ group, name }, index): Routing['services'][number] => {
      const port = ports[GROUPS.length + index]!;
      const server = createServer((request, response) => void response.end(`${name} ${request.url}`));
      versions.push(server.listen(port, '127.0.0.1'));
      const routes = GROUPS[group]!.routes[name]!.map((route) => ({ port: ports[group]!, ...route }));
      const blue = [{ on: 'docker' as const, address: '127.0.0.1', port }];
      return { service: `${name}-${group}`, routes, slots: { blue, green: blue } };
    });
    await introduce(world.router(kind), { scope, affinity: false, services });
  }, 300_000);

  afterAll(async () => {
    for (const server of versions) server.closeAllConnections();
    for (const server of versions) server.close();
    await world?.close();
  });

  describe.each(GROUPS.map((group, index) => ({ ...group, index })))('of $about', ({ asked, index }) => {
    test.each(asked)('%s with %j is answered by %s [proves hosts, paths, 5]', async (line, headers, answer) => {
      const seen = await raw(ports[index]!, line, headers);
      expect(seen).toEqual(typeof answer === 'number' ? { status: answer } : { status: 200, ...sent(line, answer) });
    });
  });
});

/** Versions get the path as it was sent. */
function sent(line: Asked[0], name: string): { body: string } {
  const target = line.split(' ')[1]!.replace(/^http:\/\/[^/]*/, '');
  return { body: `${name} ${target || '/'}` };
}

/** Asks byte by byte, since a client would make a request plain. The body is of versions only. */
function raw(port: number, line: string, headers: string[]): Promise<{ status: number; body?: string }> {
  return new Promise((resolve, reject) => {
    let answer = '';
    const socket = connect(port, '127.0.0.1');
    socket.on('data', (data: Buffer) => (answer += data.toString()));
    socket.on('error', reject);
    socket.on('close', () => {
      const status = Number(answer.split(' ')[1]);
      const body = answer.slice(answer.indexOf('\r\n\r\n') + 4);
      resolve(status === 200 ? { status, body } : { status });
    });
    socket.write([line, ...headers, 'Connection: close', '', ''].join('\r\n'));
  });
}
