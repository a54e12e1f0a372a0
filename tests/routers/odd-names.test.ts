import { execFile } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { request } from 'node:https';
import { promisify } from 'node:util';
import type { Router, Routing } from '../../routers/router';
import { ask, introduce, io, RouterWorld, routingOf } from '../support/router-world';
import { freePorts } from '../support/free-port';

/* What stands in a router's files: nothing of it is taken for a word of the router's language. */

const run = promisify(execFile);
const scope = { app: 'fx-shop', environment: 'production' };

describe.each(['haproxy', 'nginx'] as const)('%s', (kind) => {
  let world: RouterWorld;
  let odd: string;
  let routing: Routing;
  let ports: { route: number; secure: number; blue: number; green: number };

  beforeAll(async () => {
    world = await RouterWorld.open(`odd-${kind}`);
    const [route, secure, blue, green] = (await freePorts(4)) as [number, number, number, number];
    ports = { route, secure, blue, green };
    await world.backends({ blue, green });
    odd = `${world.directory}/it's; "odd" {1} #2 \\n`;
    await mkdir(odd);
    const files = ['-keyout', `${odd}/site.pem.key`, '-out', `${odd}/site.pem`];
    const made = ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', '-subj', '/CN=localhost'];
    await run('openssl', [...made, ...files]);
    await writeFile(`${world.directory}/sorry's $1.html`, '<h1>Back "soon" %[src] $host</h1>');
    routing = routingOf(scope, { api: { route, blue: [blue], green: [green] } });
  }, 300_000);

  afterAll(() => world?.close());

  function open(): Router {
    const tls = { ports: [ports.secure] };
    const errorPage = `${world.directory}/sorry's $1.html`;
    return kind === 'haproxy'
      ? world.haproxy({ errorPage, tls: { ...tls, certificates: odd } })
      : world.nginx({ errorPage, tls: { ...tls, certificate: `${odd}/site.pem`, key: `${odd}/site.pem.key` } });
  }

  test('certificates and error pages may have any name that the configuration allows [proves 5]', async () => {
    const router = open();
    const [first] = routing.services;
    const services = [{ ...first!, routes: [...first!.routes, { port: ports.secure, path: "/it's" }] }];
    await introduce(router, { ...routing, services });
    expect(await askTls(ports.secure, "/it's")).toBe('blue');
    const none = services.map((service) => ({ ...service, slots: { blue: [], green: [] } }));
    await router.configure({ ...routing, services: none }, io);
    expect((await ask(ports.route)).body).toBe('<h1>Back "soon" %[src] $host</h1>');
  }, 300_000);

  test.each(['-f', '--', '-i', '.', '~'])(
    'testers may send %j [proves 5]',
    async (value) => {
      const router = open();
      for (const testers of [{ header: { name: 'X-Tester', value } }, { cookie: { name: '-f', value } }]) {
        await introduce(router, { ...routing, testers });
        await router.setGreenShare(scope, 1, io, { testers: 'green' });
        const sent: Record<string, string> =
          'header' in testers ? { 'X-Tester': value } : { cookie: `-f=${value}; a=b` };
        const bodies = await Promise.all(
          Array.from({ length: 10 }, async () => (await ask(ports.route, '/', sent)).body),
        );
        expect(new Set(bodies)).toEqual(new Set(['green']));
      }
    },
    300_000,
  );
});

function askTls(port: number, path: string): Promise<string> {
  return new Promise((resolve, reject) => {
    request({ host: '127.0.0.1', port, path, rejectUnauthorized: false, agent: false }, (response) => {
      let text = '';
      response.on('data', (chunk: Buffer) => (text += chunk.toString()));
      response.on('end', () => resolve(text));
    })
      .on('error', reject)
      .end();
  });
}
