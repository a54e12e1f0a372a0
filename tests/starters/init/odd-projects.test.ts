import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { parse } from 'yaml';
import { registerInit } from '../../../starters/init';
import { registerValidate } from '../../../starters/validate';
import { command } from '../../support/in-process';

const home = process.cwd();
let directory: string;
beforeEach(() => {
  directory = join(mkdtempSync(join(tmpdir(), 'spillway-odd-')), 'shop');
  mkdirSync(directory);
  process.chdir(directory);
});
afterEach(() => {
  process.chdir(home);
  rmSync(dirname(directory), { recursive: true, force: true });
});

const WEB = '{image: acme/web:1.2.3, ports: ["8080:80"]';

/** Runs `init` on these services; the proposal must be valid. */
async function proposed(services: string, rest = '') {
  writeFileSync('compose.yaml', `services:\n${services}\n${rest}`);
  const said = await command(registerInit, 'init');
  expect(said).toMatchObject({ exitCode: 0 });
  expect(await command(registerValidate, 'validate')).toMatchObject({ exitCode: 0 });
  const file = parse(readFileSync('spillway.yaml', 'utf8')) as { services: Record<string, Record<string, unknown>> };
  return { services: file.services, asked: said.stderr };
}

test.each([
  [
    'an entry point',
    `{image: acme/web:1.2.3, ports: ["80:80"], entrypoint: [tini, --], command: serve}`,
    { command: ['tini', '--', 'serve'] },
  ],
  [
    'a folder in memory',
    `${WEB}, tmpfs: "/run:size=64m", volumes: [{type: tmpfs, target: /x}]}`,
    { tmpfs: ['/run:size=64m', '/x'] },
  ],
  ['hosts', `${WEB}, extra_hosts: ["db:10.0.0.5"]}`, { hosts: { db: '10.0.0.5' } }],
  [
    'the machine itself',
    `${WEB}, environment: {DB: "http://host.docker.internal:5432"}}`,
    { hosts: { 'host.docker.internal': 'host-gateway' } },
  ],
  ['a quota of CPU', `${WEB}, cpu_quota: 50000}`, { cpu: 0.5 }],
  [
    'labels of `deploy`',
    `{image: acme/web:1.2.3, expose: [80], deploy: {labels: ["traefik.http.routers.a.rule=Host(\`a.com\`)"]}}`,
    { routes: [{ port: 80, host: 'a.com' }] },
  ],
  ['a part of a tag', `{image: "acme/web:v\${TAG:-1}-slim", ports: ["80:80"]}`, { image: 'acme/web:v{version}-slim' }],
  [
    'a server with `restart: no`',
    `{image: acme/web:1.2.3, ports: ["80:80"], restart: "no"}`,
    { port: 80, routes: [{ port: 80 }] },
  ],
])('%s is carried over [proves 14]', async (_, service, expected) => {
  expect((await proposed(`  web: ${service}`)).services.web).toMatchObject(expected);
});

test.each([
  [
    'a missing folder of the machine',
    `${WEB}, volumes: ["/srv/not-there:/x"]}`,
    'there is no /srv/not-there on this machine',
  ],
  [
    'a missing folder beside the file',
    `${WEB}, volumes: ["./data:/x"]}`,
    'left out, because there is no such file or folder: ./data',
  ],
  ['a secret', `${WEB}, secrets: [key]}`, '/run/secrets/key was a secret of the Compose file'],
  ['a log elsewhere', `${WEB}, logging: {driver: gelf}}`, 'who reads them elsewhere?'],
  ['a user', `${WEB}, user: "1000"}`, 'write USER into the Dockerfile'],
  [
    'two ports for HTTP',
    `{image: acme/web:1.2.3, ports: ["8080:8080", "8081:8081"]}`,
    '8080, 8081: which one speaks HTTP? 8080 was taken',
  ],
  ['a port for UDP', `{image: acme/web:1.2.3, ports: ["80:80", "53:53/udp"]}`, 'nothing reaches 53/udp any more'],
  [
    'an image that only pulls',
    `{image: acme/web:1.2.3, build: "https://github.com/acme/web.git", ports: ["80:80"]}`,
    'was built from https://github.com/acme/web.git',
  ],
  ['FastCGI', `{image: "php:8.3-fpm"}`, 'it speaks FastCGI, which the router does not'],
  ['a worker that may be a server', `{image: acme/web:1.2.3}`, 'it has no port for HTTP, so it is taken for a worker'],
])('%s is a question before the first release [proves 14, questions]', async (_, service, text) => {
  const { asked } = await proposed(`  web: ${service}`, 'secrets: {key: {environment: KEY}}');
  const decisions = asked.split('\n').filter((line) => line.startsWith('? '));
  expect(decisions.join('\n')).toContain(text);
});

test('names are hosts only where they are: not in paths, addresses of mail or options [proves questions]', async () => {
  const { services } = await proposed(
    `  api: {image: acme/api:1.2.3, ports: ["81:80"]}
  web:
    image: acme/web:1.2.3
    ports: ["80:80"]
    command: [--upstream=http://api/v1, --mode, api]
    environment: {A: api/v1, B: "me@api.example.com", C: api, D: "api:80", E: "https://api.example.com", API_HOST: api, F: "a,http://api"}`,
  );
  expect(services.web).toMatchObject({
    command: ['--upstream=http://api-{slot}/v1', '--mode', 'api'],
    env: {
      A: 'api/v1',
      B: 'me@api.example.com',
      C: 'api',
      D: 'api-{slot}:80',
      E: 'https://api.example.com',
      API_HOST: 'api-{slot}',
      F: 'a,http://api-{slot}',
    },
  });
});

test('networks of others are joined, but not that of another router [proves questions]', async () => {
  const { services } = await proposed(
    `  web: {image: acme/web:1.2.3, ports: ["80:80"], networks: [shared, proxy]}`,
    'networks: {shared: {external: true, name: other_net}, proxy: {external: true, name: traefik_public}}',
  );
  expect(services.web!.networks).toEqual(['other_net']);
});

test.each([
  [
    'Keycloak',
    '{image: "quay.io/keycloak/keycloak:26.0", ports: ["80:8080"], healthcheck: {test: "curl -f http://localhost:9000/health/ready"}}',
    '8080, 9000: which one speaks HTTP? 8080 was taken',
    ':9000/health/ready',
  ],
  [
    'Spring Boot',
    '{image: acme/web:1.2.3, ports: ["80:8080", "127.0.0.1:9001:8081"], healthcheck: {test: "curl -f http://localhost:8081/actuator/health"}}',
    '8080, 8081: which one speaks HTTP? 8080 was taken',
    ':8081/actuator/health',
  ],
])(
  'the port that %s answers health checks at gets no visitors [proves questions]',
  async (_, service, question, check) => {
    const { services, asked } = await proposed(`  web: ${service}`);
    expect(services.web).toMatchObject({ port: 8080, routes: [{ port: 80 }] });
    expect(asked).toContain(question);
    expect(asked).toContain(`its health check asks ${check}, and`);
  },
);

const JOB = 'image: acme/jobs:1.2.3, restart: "no"';

test('jobs that Compose runs one after the other lead to a question, since here they start together [proves 15]', async () => {
  const { services, asked } = await proposed(
    `  migrate: {${JOB}, command: ./migrate}
  seed: {${JOB}, command: ./seed, depends_on: {migrate: {condition: service_completed_successfully}}}
  index: {${JOB}, command: ./index, depends_on: [seed]}
  web: {image: acme/web:1.2.3, ports: ["80:80"], depends_on: {seed: {condition: service_completed_successfully}}}`,
  );
  for (const name of ['migrate', 'seed', 'index']) expect(services[name]).toMatchObject({ run: 'once' });
  expect(asked).toMatch(/^\? seed, index: run: Compose starts it after migrate, seed, but here all jobs start at the/m);
});

test('a job that needs a service of its own version leads to a question, since it starts later [proves 15]', async () => {
  const { asked } = await proposed(
    `  seed: {${JOB}, command: ./seed, depends_on: {web: {condition: service_healthy}, db: {condition: service_started}}}
  web: {image: acme/web:1.2.3, ports: ["80:80"]}
  db: {image: "mysql:8"}`,
  );
  expect(asked).toMatch(/^\? services.seed.run: Compose starts it after web, but here jobs end before other/m);
});

test('volumes with a driver or options lead to a question, since the engine would make empty ones [proves 14]', async () => {
  const volumes = `volumes:
  media: {driver_opts: {type: none, o: bind, device: /srv/media}}
  share: {driver_opts: {type: cifs, o: "username=shop,password=hunter2", device: //nas/share}}
  cloud: {driver: rexray/s3fs}
  plain: {driver: local}
  theirs: {external: true, driver: rexray/ebs}`;
  const mounts = ['media', 'share', 'cloud', 'plain', 'theirs'].map((name) => `${name}:/${name}`);
  const { services, asked } = await proposed(`  web: ${WEB}, volumes: [${mounts.join(', ')}]}`, volumes);
  expect(services.web!.volumes).toHaveLength(5);
  expect(asked).toContain(
    '? services.web.volumes: Compose makes shop_media (/srv/media), shop_share (cifs //nas/share), shop_cloud (rexray/s3fs) with a driver',
  );
  expect(asked).not.toContain('hunter2');
});

test.each([
  [
    'a variable',
    '"80:3000"',
    'environment: {PORT: "3000"}',
    'curl -f http://localhost:$$PORT/up',
    { endpoints: [{ path: '/up' }] },
  ],
  [
    'a variable with a default',
    '"80:3000"',
    'tty: true',
    'curl -f localhost:$${PORT:-3000}/up',
    { endpoints: [{ path: '/up' }] },
  ],
  ['a variable without a value', '"80:3000"', 'tty: true', 'curl -f http://localhost:$$PORT/up', undefined],
  ['a port with TLS', '"80:3000", "443:8443"', 'tty: true', 'curl -fk https://localhost:8443/up', undefined],
])(
  'a health check at %s does not change the port of the service [proves questions]',
  async (_, ports, rest, check, health) => {
    const { services } = await proposed(
      `  web: {image: acme/web:1.2.3, ports: [${ports}], ${rest}, healthcheck: {test: "${check}"}}`,
    );
    expect(services.web).toMatchObject({ port: 3000, routes: [{ port: 80 }] });
    expect(services.web!.health).toEqual(health);
  },
);

test('a worker whose health check asks a port of its own is still a worker, which keeps the check [proves 15]', async () => {
  const check = 'healthcheck: {test: "curl -f localhost:8000/live"}';
  const { services, asked } = await proposed(
    `  celery: {image: acme/web:1.2.3, command: celery -A app worker, ${check}}
  mailer: {image: acme/mailer:1.2.3, ${check}}
  web: {image: acme/web:1.2.3, ports: ["80:80"], environment: {MAILER_HOST: mailer}}`,
  );
  const health = { endpoints: [{ path: '/live' }] };
  expect(services.celery).toMatchObject({ traffic: 'none', run: 'live-only', port: 8000, health });
  expect(services.mailer).toMatchObject({ port: 8000, health });
  expect(services.mailer).not.toHaveProperty('traffic');
  expect(asked).toContain('only its health check asks it over HTTP, so it is taken for a worker');
});
