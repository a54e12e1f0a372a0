import { execFileSync } from 'node:child_process';
import { appendFile, mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ActivityWorld } from '../support/activity-world';
import { freePort } from '../support/free-port';

/* What a router would refuse is found in preflight, before anything changes, on the target as it is. */

const NEW = '20261121-110000-1.1.0-bbbb';

// eslint-disable-next-line @typescript-eslint/no-explicit-any -- tests change any part of it
type Raw = any;

describe.each(['haproxy', 'nginx'] as const)('%s', (kind) => {
  let world: ActivityWorld;

  const make = (name: string, days: number, host = 'shop.example.com'): void => {
    const at = (file: string) => join(world.directory, 'tls', file);
    execFileSync(
      'openssl',
      [
        ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', `${days}`],
        ...[
          '-subj',
          `/CN=${host}`,
          '-addext',
          `subjectAltName=DNS:${host}`,
          '-keyout',
          at(`${name}.key`),
          '-out',
          at(`${name}.pem`),
        ],
      ],
      { stdio: 'pipe' },
    );
  };
  const tls = (name: string): Raw =>
    kind === 'haproxy'
      ? { certificates: join(world.directory, 'tls', `${name}`), ports: [world.port] }
      : {
          certificate: join(world.directory, 'tls', `${name}.pem`),
          key: join(world.directory, 'tls', `${name}.key`),
          ports: [world.port],
        };
  /** HAProxy reads certificate and key from one file. */
  const served = async (name: string, key = name): Promise<Raw> => {
    if (kind === 'nginx') return { ...tls(name), key: join(world.directory, 'tls', `${key}.key`) };
    const folder = join(world.directory, 'tls', name);
    await mkdir(folder, { recursive: true });
    execFileSync('sh', [
      '-c',
      'cat "$1" "$2" >"$3"',
      'sh',
      `${folder}.pem`,
      join(world.directory, 'tls', `${key}.key`),
      join(folder, 'all.pem'),
    ]);
    return tls(name);
  };
  const router = async (changes: (raw: Raw) => void = () => undefined) => {
    world.change = (raw) => {
      raw.router = {
        kind,
        image: `spillway/${kind}:local`,
        directory: join(world.directory, `router-${world.scope.app}`),
      };
      changes(raw);
    };
    const { checks } = await world.preflight(world.step(NEW), { fence: false });
    return checks.find(({ name }) => name === 'router')!;
  };

  beforeAll(async () => {
    world = await ActivityWorld.open();
    await mkdir(join(world.directory, 'tls'));
  });
  afterAll(() => world?.close());

  test('a good configuration passes, and leaves nothing behind [proves 5]', async () => {
    expect(await router()).toMatchObject({ ok: true });
    expect((await readdir(world.directory)).sort()).toEqual(['project', 'tls', 'worker']);
    expect((await readdir('/tmp')).filter((name) => name.startsWith(`spillway-check.${world.scope.app}`))).toEqual([]);
  });

  test('certificates are read, with their keys [proves 5]', async () => {
    make('good', 90);
    make('other', 90);
    const withTls = async (given: Raw) => router((raw) => void (raw.router.tls = given));
    expect(await withTls(await served('good'))).toMatchObject({ ok: true });
    expect((await withTls(await served('good'))).warning).toBeUndefined();

    expect(await withTls(tls('none'))).toMatchObject({ ok: false, detail: expect.stringMatching(/seen no such f/) });
    const beforeItsImage = await router((raw) => void Object.assign(raw.router, { image: 'none', tls: tls('none') }));
    expect(beforeItsImage).toMatchObject({ ok: false, detail: expect.stringMatching(/seen no such f/) });
    expect(await withTls(await served('other', 'good'))).toMatchObject({
      ok: false,
      detail: expect.stringMatching(/seen the key of another one/),
    });
    make('chain', 90);
    await appendFile(
      join(world.directory, 'tls', 'chain.pem'),
      '-----BEGIN CERTIFICATE-----\nbm9uZQ==\n-----END CERTIFICATE-----\n',
    );
    expect(await withTls(await served('chain'))).toMatchObject({
      ok: false,
      detail: expect.stringMatching(/expected certificates in .*chain.*, seen that number 2 cannot be read/),
    });
    await mkdir(join(world.directory, 'tls', 'text'));
    await writeFile(join(world.directory, 'tls', 'text', 'all.pem'), 'no PEM');
    for (const file of ['text.pem', 'text.key']) await writeFile(join(world.directory, 'tls', file), 'no PEM');
    expect(await withTls(tls('text'))).toMatchObject({
      ok: false,
      detail: expect.stringMatching(/expected a certificate in PEM .*text.* seen none; correct router\.tls/),
    });
  });

  test('a certificate that browsers will refuse is a warning [proves 5]', async () => {
    make('soon', 3);
    const soon = await served('soon');
    const seen = await router((raw) => {
      raw.router.tls = soon;
      raw.services.web.routes = [{ port: world.port, host: 'blog.example.com' }];
    });
    expect(seen).toMatchObject({
      ok: true,
      warning: true,
      detail: expect.stringMatching(/expires on .*no certificate is for blog\.example\.com/),
    });
  });

  test('the error page is beside spillway.yaml, and must be there [proves 5]', async () => {
    const withPage = (page: string) => router((raw) => void (raw.router.errorPage = page));
    expect(await withPage('./sorry.html')).toMatchObject({
      ok: false,
      detail: expect.stringContaining(
        `expected the error page at ${join(world.project, 'sorry.html')}, seen no such file`,
      ),
    });
    await writeFile(join(world.project, 'sorry.html'), '<p>Sorry</p>');
    expect(await withPage('./sorry.html')).toMatchObject({ ok: true });
    expect(await withPage(join(world.project, 'sorry.html'))).toMatchObject({ ok: true });
    expect(await withPage('/none.html')).toMatchObject({ ok: false });
    await writeFile(join(world.project, 'large.html'), 'x'.repeat(70_000));
    const refused = {
      ok: false,
      detail: expect.stringMatching(/expected an error page of at most 65536 bytes .*70000/),
    };
    expect(await withPage('./large.html')).toMatchObject(kind === 'haproxy' ? refused : { ok: true });
  });

  test('routes are compared with those of all apps of the router [proves 5]', async () => {
    const apps = join(world.directory, `router-${world.scope.app}`, 'apps');
    await mkdir(apps, { recursive: true });
    const scope = { app: 'other', environment: 'production' };
    const services = [{ service: 'web', routes: [{ port: world.port }], slots: { blue: [], green: [] } }];
    await writeFile(
      join(apps, 'other.production.json'),
      JSON.stringify({ routing: { scope, affinity: true, services } }),
    );
    expect(await router()).toMatchObject({
      ok: false,
      detail: expect.stringMatching(/claimed by .*other\/production web/),
    });
    const elsewhere = await freePort();
    expect(await router((raw) => void (raw.services.web.routes = [{ port: elsewhere }]))).toMatchObject({ ok: true });
    await writeFile(join(apps, 'other.production.json'), '{');
    expect(await router()).toMatchObject({
      ok: false,
      detail: expect.stringContaining('other.production.json, seen no JSON'),
    });
    await writeFile(
      join(apps, 'other.production.json'),
      JSON.stringify({ routing: { scope, affinity: true, services: [] } }),
    );
  });

  test('what only the checker of the router knows is found as well [proves 5]', async () => {
    const folder = join(world.directory, `router-${world.scope.app}`, 'apps');
    const scope = { app: 'broken', environment: 'production' };
    const slots = { blue: [{ address: 'no address', port: 1 }], green: [] };
    const services = [{ service: 'web', routes: [{ port: await freePort() }], slots }];
    await writeFile(
      join(folder, 'broken.production.json'),
      JSON.stringify({ routing: { scope, affinity: true, services } }),
    );
    expect(await router()).toMatchObject({
      ok: false,
      detail: expect.stringMatching(
        /expected (HAProxy|nginx) to accept the configuration made from spillway.yaml, seen: /,
      ),
    });
  });
});
