import { request } from 'node:http';
import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parse } from 'yaml';
import { registerInit } from '../../starters/init';
import { containerName } from '../../targets/docker/names';
import { engine } from '../support/engine';
import { command } from '../support/in-process';
import type { Raw } from '../support/tiny';
import { World } from '../support/world';

jest.setTimeout(300_000);

/* What `init` proposes from a Compose file is released as it is, once the important questions are answered. */

/** Runs `init` on this Compose file in the project of a world. */
async function proposed(world: World, compose: string): Promise<{ services: Raw; asked: string }> {
  await writeFile(join(world.project, 'compose.yaml'), compose);
  const file = join(world.project, 'spillway.yaml');
  const said = await command(registerInit, 'init', '--force', '-f', file, '--app', world.scope.app);
  expect(said).toMatchObject({ exitCode: 0 });
  const { services } = parse(await readFile(file, 'utf8')) as { services: Raw };
  return { services, asked: said.stderr };
}

/** What the program in a container of the new version gets from the address in one of its variables. */
async function fetched(world: World, service: string, variable: string): Promise<string> {
  const container = engine().getContainer(containerName(world.scope, service, 'blue', 1));
  const program = `fetch(process.env.${variable}).then((r) => r.text()).then(console.log, (e) => console.log('failed', e.cause))`;
  // The image begins its command with node.
  const exec = await container.exec({ Cmd: ['node', '-e', program], AttachStdout: true, AttachStderr: true });
  const stream = await exec.start({});
  let seen = '';
  for await (const chunk of stream) seen += String(chunk);
  return seen;
}

/** Runs what stays under Compose: a web server under the name of a cache. */
async function startOutside(world: World, network: string): Promise<void> {
  await engine().createNetwork({ Name: network });
  world.closing.push(() => engine().getNetwork(network).remove());
  const outside = await engine().createContainer({
    Image: 'spillway/busybox:local',
    Cmd: [
      'sh',
      '-c',
      'mkdir /tmp/www && echo from the cache > /tmp/www/index.html && exec httpd -f -p 6379 -h /tmp/www',
    ],
    HostConfig: { NetworkMode: network },
    NetworkingConfig: { EndpointsConfig: { [network]: { Aliases: ['redis'] } } },
  });
  world.closing.push(() => outside.remove({ force: true }));
  await outside.start();
}

describe('what init proposes from a Compose file', () => {
  let world: World;
  beforeEach(async () => {
    world = await World.open();
  });
  afterEach(() => world?.close());

  test('with a worker, a job and a cache that stays outside is released [proves 15, 16, questions]', async () => {
    const out = join(world.directory, 'out');
    await mkdir(out);
    await chmod(out, 0o777);
    const { services, asked } = await proposed(
      world,
      `name: ${world.scope.app}
services:
  web: &app
    build: ./app
    ports: ['${world.port}:8080']
    environment: { CACHE_URL: 'http://redis:6379/' }
    depends_on: [redis]
    healthcheck: { test: 'wget -q -O- http://localhost:8080/health', interval: 200ms, retries: 500 }
  worker:
    build: ./app
    command: job.js
    restart: always
    environment: { REDIS_HOST: redis }
  migrate:
    build: ./app
    command: [once.js]
    restart: 'no'
    volumes: ['${out}:/out']
  redis:
    image: redis:7
`,
    );
    expect(asked).toContain('? services: keep redis running under Compose');
    const network = `${world.scope.app}_default`;
    expect(services).toMatchObject({
      web: { networks: [network] },
      worker: { run: 'live-only', networks: [network] },
      migrate: { run: 'once' },
    });
    await startOutside(world, network);
    const { status } = await world.released('1.0.0', { config: (raw) => only(raw, services) });
    expect({ outcome: status.outcome, why: status.why }).toEqual({ outcome: 'released' });
    expect(await readFile(join(out, 'runs'), 'utf8')).toBe('1.0.0\n');
    expect(await fetched(world, 'web', 'CACHE_URL')).toContain('from the cache');
  });

  test('with labels of Traefik is released behind its hosts and paths, and siblings find each other [proves 14, questions]', async () => {
    const { services } = await proposed(
      world,
      `services:
  traefik:
    image: traefik:v3.1
    command: [--providers.docker=true, '--entrypoints.web.address=:${world.port}']
    volumes: ['/var/run/docker.sock:/var/run/docker.sock:ro']
  web:
    build: ./app
    environment: { API_URL: 'http://api:8080/status' }
    labels:
      - traefik.http.routers.web.rule=Host(\`shop.example.com\`)
      - traefik.http.services.web.loadbalancer.server.port=8080
  api:
    build: ./app
    environment: { ROLE: api }
    labels:
      traefik.http.routers.api.rule: Host(\`shop.example.com\`) && PathPrefix(\`/status\`)
      traefik.http.services.api.loadbalancer.server.port: 8080
`,
    );
    expect(services).toMatchObject({
      web: {
        routes: [{ port: world.port, host: 'shop.example.com' }],
        env: { API_URL: 'http://api-{slot}:8080/status' },
      },
      api: { routes: [{ port: world.port, host: 'shop.example.com', path: '/status' }] },
    });
    const { status } = await world.released('1.0.0', { config: (raw) => only(raw, services) });
    expect({ outcome: status.outcome, why: status.why }).toEqual({ outcome: 'released' });
    expect(await fetched(world, 'web', 'API_URL')).toContain('"version":"1.0.0"');
    const asked = async (host: string): Promise<number> => {
      return new Promise((resolve, reject) => {
        request(`${world.url}/status`, { headers: { host } }, (answer) => resolve(answer.resume().statusCode!))
          .on('error', reject)
          .end();
      });
    };
    expect([await asked('shop.example.com'), await asked('other.example.com')]).toEqual([200, 404]);
  });
});

/** Takes what was proposed in place of the services of the tiny app. */
function only(raw: Raw, services: Raw): void {
  raw.services = services;
  raw.canary.steps = [];
}
