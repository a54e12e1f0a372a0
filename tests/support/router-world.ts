import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { appConfigSchema } from '../../domain/config';
import type { Io } from '../../domain/host';
import { SLOTS, type Scope, type Slot } from '../../domain/release';
import type { HaproxyConfig } from '../../routers/haproxy/config';
import type { NginxConfig } from '../../routers/nginx/names';
import { openRouter } from '../../routers/open';
import type { Router, Routing } from '../../routers/router';
import { openTarget, type OpenTarget } from '../../targets/open';
import { until } from './until';

const run = promisify(execFile);

/** `SPILLWAY_TEST_HAPROXY=haproxy:3.2 npx jest tests/routers` tries another version. */
export const HAPROXY_IMAGE = process.env.SPILLWAY_TEST_HAPROXY ?? 'spillway/haproxy:local';

export const io: Io = { signal: new AbortController().signal, onProgress: () => undefined };

/** Answers who it is, after `?ms=`; `/fail` answers 500, `/cut` breaks off, `/ws` echoes over a WebSocket. */
const BACKEND = `
const { createServer } = require('node:http');
const { createHash } = require('node:crypto');
for (const [name, port] of Object.entries(JSON.parse(process.argv[1]))) {
  createServer((request, response) => {
    const url = new URL(request.url, 'http://x');
    if (url.pathname === '/fail') return response.writeHead(500).end('broken');
    if (url.pathname === '/cut') {
      response.writeHead(200, { 'content-length': 100 }).write('only this');
      return setTimeout(() => response.destroy(), 20);
    }
    const answer = () => response.end(name);
    const wait = Number(url.searchParams.get('ms'));
    if (wait) setTimeout(answer, wait); else answer();
  })
    .on('upgrade', (request, socket) => {
      const accept = createHash('sha1').update(request.headers['sec-websocket-key'] + '258EAFA5-E914-47DA-95CA-C5AB0DC85B11').digest('base64');
      socket.write('HTTP/1.1 101 Switching Protocols\\r\\nUpgrade: websocket\\r\\nConnection: Upgrade\\r\\nSec-WebSocket-Accept: ' + accept + '\\r\\n\\r\\n');
      socket.on('data', (data) => socket.write(Buffer.from([0x82, 1, data.length & 255])));
      socket.on('error', () => socket.destroy()).on('end', () => socket.end());
    })
    .listen(port, '127.0.0.1');
}
process.on('SIGTERM', () => process.exit(0));
`;

/** A folder and helpers for one router on the local engine; `close` takes everything away again. */
export class RouterWorld {
  private readonly containers: string[] = [];

  private constructor(
    readonly target: OpenTarget,
    readonly directory: string,
    readonly id: string,
  ) {}

  static async open(kind: string): Promise<RouterWorld> {
    const id = randomBytes(3).toString('hex');
    const directory = await mkdtemp(join(tmpdir(), `${kind}-${id}-`));
    // nginx reads error pages as another user.
    await chmod(directory, 0o755);
    const { target } = appConfigSchema.parse({ version: 1, app: 'demo', services: { api: { image: 'x' } } });
    return new RouterWorld(await openTarget(target, { variables: process.env }), directory, id);
  }

  get container(): string {
    return `spillway-${this.directory.slice(this.directory.lastIndexOf('/') + 1)}`;
  }

  /** Starts a container with a backend on each of these ports; answers its name. */
  async backends(ports: Record<string, number>): Promise<string> {
    const name = `backend-${randomBytes(4).toString('hex')}`;
    const argv = ['-e', BACKEND, JSON.stringify(ports)];
    this.containers.push(name);
    await run('docker', ['run', '-d', '--name', name, '--network', 'host', 'spillway/node:local', ...argv]);
    for (const port of Object.values(ports)) await until(() => isAnswered(port));
    return name;
  }

  /** Backends that answer as fast as can be, so that a measurement is of what stands before them. */
  async quickBackends(ports: Record<string, number>): Promise<void> {
    const name = `backend-${randomBytes(4).toString('hex')}`;
    const file = join(this.directory, 'backends.cfg');
    const servers = Object.entries(ports).map(
      ([body, port]) =>
        `frontend ${body}\n  bind 127.0.0.1:${port}\n  http-request return status 200 content-type text/plain string ${body}\n`,
    );
    const defaults = 'defaults\n  mode http\n  timeout connect 1s\n  timeout client 60s\n  timeout server 60s\n';
    await writeFile(file, `${defaults}${servers.join('')}`);
    this.containers.push(name);
    const argv = ['-v', `${file}:/backends.cfg:ro`, 'spillway/haproxy:local', 'haproxy', '-db', '-f', '/backends.cfg'];
    await run('docker', ['run', '-d', '--name', name, '--network', 'host', ...argv]);
    for (const port of Object.values(ports)) await until(() => isAnswered(port));
  }

  /** An HAProxy whose files lie in this folder. */
  haproxy(options: Partial<HaproxyConfig> = {}): Router {
    const config = { kind: 'haproxy' as const, image: HAPROXY_IMAGE, directory: this.directory };
    return openRouter({ ...config, ...options }, this.target);
  }

  /** An nginx whose files lie in this folder. */
  nginx(options: Partial<NginxConfig> = {}): Router {
    const config = { kind: 'nginx' as const, image: 'spillway/nginx:local', directory: this.directory };
    return openRouter({ ...config, ...options }, this.target);
  }

  router(kind: Router['kind']): Router {
    return kind === 'haproxy' ? this.haproxy() : this.nginx();
  }

  async docker(...argv: string[]): Promise<string> {
    return (await run('docker', argv)).stdout.trim();
  }

  async close(): Promise<void> {
    await run('docker', ['rm', '-f', ...this.containers, this.container]).catch(() => undefined);
    await this.target.close();
    await rm(this.directory, { recursive: true, force: true });
  }
}

/** Routing of services that each have one port to come in, and one backend in each slot. */
export function routingOf(
  scope: Scope,
  services: Record<string, { route: number; blue: number[]; green: number[] }>,
): Routing {
  const at = (ports: number[]) => ports.map((port) => ({ on: 'docker' as const, address: '127.0.0.1', port }));
  return {
    scope,
    affinity: true,
    services: Object.entries(services).map(([service, { route, blue, green }]) => ({
      service,
      routes: [{ port: route }],
      slots: { blue: at(blue), green: at(green) },
    })),
  };
}

/** What a new visitor gets: over a connection of its own, so that no process from before a reload answers. */
export function ask(port: number, path = '/', headers: Record<string, string> = {}, method = 'GET') {
  return new Promise<{ status: number; body: string; cookie: string | null }>((resolve, reject) => {
    const asked = request({ host: '127.0.0.1', port, path, headers, method, agent: false }, (response) => {
      let body = '';
      response.setEncoding('utf8').on('data', (text: string) => (body += text));
      response.on('end', () =>
        resolve({ status: response.statusCode ?? 0, body, cookie: response.headers['set-cookie']?.[0] ?? null }),
      );
      response.on('error', reject);
    });
    asked.on('error', reject).end();
  });
}

/** Has the router know these slots, and waits until it sees those that have backends. */
export async function introduce(router: Router, routing: Routing): Promise<void> {
  await router.configure(routing, io);
  for (const slot of SLOTS) {
    if (routing.services.every(({ slots }) => slots[slot].length > 0)) await untilUp(router, routing, slot);
  }
}

/** Whether somebody answers there, with this body if it is named. */
export function isAnswered(port: number, body?: string): Promise<boolean> {
  return ask(port).then(
    (answer) => body === undefined || answer.body === body,
    () => false,
  );
}

export async function untilUp(router: Router, routing: Routing, slot: Slot): Promise<void> {
  await until(async () => (await router.groupIsUp(routing, slot, io)).up);
}
