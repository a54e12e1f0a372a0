import { execFile } from 'node:child_process';
import { mkdir, readFile, readdir, writeFile } from 'node:fs/promises';
import { request } from 'node:https';
import { promisify } from 'node:util';
import { ConfigurationFailure } from '../../../domain/failures';
import type { Scope } from '../../../domain/release';
import type { Router, Routing } from '../../../routers/router';
import { ask, introduce, io, RouterWorld, routingOf, untilUp } from '../../support/router-world';
import { until } from '../../support/until';
import { freePorts } from '../../support/free-port';

const run = promisify(execFile);

let world: RouterWorld;
let router: Router;
let port: number;
let spare: number;
let ports: { fx: number; other: number; api: number; staging: number };
const fx = { app: 'fx', environment: 'production' };
const other = { app: 'other', environment: 'production' };

function routing(scope: Scope, backend: number, routes: Routing['services'][number]['routes'] = [{ port }]): Routing {
  const made = routingOf(scope, { web: { route: port, blue: [backend], green: [] } });
  return { ...made, services: made.services.map((service) => ({ ...service, routes })) };
}

beforeAll(async () => {
  world = await RouterWorld.open('haproxy');
  const [a, b, c, d, e, f] = (await freePorts(6)) as [number, number, number, number, number, number];
  [port, spare] = [a, b];
  ports = { fx: c, other: d, api: e, staging: f };
  await world.backends(ports);
  router = world.haproxy();
  await introduce(router, routing(fx, ports.fx));
}, 300_000);

afterAll(() => world?.close());

async function body(path = '/', host?: string): Promise<string> {
  const { stdout } = await run('curl', [
    '-s',
    ...(host ? ['-H', `Host: ${host}`] : []),
    `http://127.0.0.1:${port}${path}`,
  ]);
  return stdout;
}

test('apps and environments share ports by host and path: the host first, then the longest path', async () => {
  const staging = { app: 'fx', environment: 'staging' };
  await router.configure(routing(other, ports.other, [{ port, host: 'Other.example' }]), io);
  await router.configure(routing(staging, ports.staging, [{ port, path: '/staging' }]), io);
  await untilUp(router, routing(other, ports.other), 'blue');
  await untilUp(router, routing(staging, ports.staging), 'blue');
  expect(await body()).toBe('fx');
  expect(await body('/staging/x')).toBe('staging');
  expect(await body('/', 'other.example')).toBe('other');
  expect(await body('/staging/x', `other.example:${port}`)).toBe('other');
  await router.setGreenShare(staging, 100, io);
  expect(await router.greenShare(fx, io)).toBe(0);
  expect(await body()).toBe('fx');
});

test('changes by several apps at the same time all come into force', async () => {
  const scopes = ['one', 'two', 'three'].map((app) => ({ app, environment: 'production' }));
  const routers = scopes.map(() => world.haproxy());
  await Promise.all(
    scopes.map((scope, index) =>
      routers[index]!.configure(routing(scope, ports.api, [{ port, path: `/${scope.app}` }]), io),
    ),
  );
  for (const scope of scopes) expect(await body(`/${scope.app}`)).toBe('api');
  const written = scopes.map(({ app }) => `${app}.production.json`);
  expect(await readdir(`${world.directory}/apps`)).toEqual(expect.arrayContaining(written));
}, 300_000);

test('a route that another app has is refused with both names', async () => {
  const thief = { app: 'thief', environment: 'production' };
  await expect(router.configure(routing(thief, ports.api), io)).rejects.toThrow(
    /claimed by fx\/production web and by thief\/production web/,
  );
  expect(await body()).toBe('fx');
});

test('what HAProxy refuses leaves the old configuration in force, and is told in its words', async () => {
  const before = await configuration();
  const maps = await readdir(`${world.directory}/maps`);
  const broken = world.haproxy({ tls: { certificates: `${world.directory}/nothing`, ports: [spare] } });
  const failure = broken.configure(
    routing({ app: 'broken', environment: 'production' }, ports.api, [{ port: spare }]),
    io,
  );
  await expect(failure).rejects.toThrow(ConfigurationFailure);
  await expect(failure).rejects.toThrow(/unable to stat SSL certificate|No such file/);
  expect(await configuration()).toEqual(before);
  expect(await readdir(`${world.directory}/maps`)).toEqual(maps);
  expect(await body()).toBe('fx');
  expect(await router.configure(routing(fx, ports.fx), io)).toEqual({ reloaded: false });
});

test('a port that another program has is refused before anything changes', async () => {
  const before = await configuration();
  const failure = router.configure(
    routing({ app: 'late', environment: 'production' }, ports.api, [{ port: ports.api }]),
    io,
  );
  await expect(failure).rejects.toThrow(`expected port ${ports.api} of the routes to be free`);
  expect(await configuration()).toEqual(before);
});

test('no version answers: the error page of the app; no route: 404', async () => {
  await writeFile(`${world.directory}/sorry.html`, '<h1>Back soon</h1>');
  const paged = world.haproxy({ errorPage: `${world.directory}/sorry.html` });
  const down = { app: 'down', environment: 'production' };
  await paged.configure(routing(down, 1, [{ port: spare, path: '/app' }]), io);
  await until(async () => !(await paged.groupIsUp(routing(down, 1), 'blue', io)).up);
  expect(await ask(spare, '/app')).toMatchObject({ status: 503, body: '<h1>Back soon</h1>' });
  expect(await ask(spare, '/elsewhere')).toMatchObject({ status: 404 });
});

test('TLS by a folder of certificates', async () => {
  const certificates = `${world.directory}/certificates`;
  await mkdir(certificates);
  const files = ['-keyout', `${certificates}/key`, '-out', `${certificates}/crt`];
  await run('openssl', [
    'req',
    '-x509',
    '-newkey',
    'rsa:2048',
    '-nodes',
    '-days',
    '2',
    '-subj',
    '/CN=localhost',
    ...files,
  ]);
  await run('sh', [
    '-c',
    `cat ${certificates}/crt ${certificates}/key >${certificates}/site.pem; rm ${certificates}/crt ${certificates}/key`,
  ]);
  const [own] = (await freePorts(1)) as [number];
  const secure = world.haproxy({ tls: { certificates, ports: [own] } });
  const scope = { app: 'secure', environment: 'production' };
  await secure.configure(routing(scope, ports.api, [{ port: own }]), io);
  expect(await askTls(own)).toBe('api');
});

test('the configuration can be read by a person', async () => {
  const files = await configuration();
  const apps = (await readdir(`${world.directory}/apps`)).map((name) => `20-${name.replace('.json', '.cfg')}`);
  expect(Object.keys(files)).toEqual(['00-spillway.cfg', ...apps.sort(), '90-frontends.cfg']);
  expect(files['90-frontends.cfg']).toContain(`# port ${port}, host other.example, any path`);
});

async function configuration(): Promise<Record<string, string>> {
  const folder = `${world.directory}/conf.d`;
  const names = (await readdir(folder)).sort();
  return Object.fromEntries(
    await Promise.all(names.map(async (name) => [name, await readFile(`${folder}/${name}`, 'utf8')] as const)),
  );
}

function askTls(at: number): Promise<string> {
  return new Promise((resolve, reject) => {
    request({ host: '127.0.0.1', port: at, rejectUnauthorized: false, agent: false }, (response) => {
      let text = '';
      response.on('data', (chunk: Buffer) => (text += chunk.toString()));
      response.on('end', () => resolve(text));
    })
      .on('error', reject)
      .end();
  });
}
