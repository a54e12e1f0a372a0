import { chmod, mkdir, mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { appConfigSchema } from '../../domain/config';
import type { Host } from '../../domain/host';
import { openHaproxy } from '../../routers/haproxy/haproxy';
import { openNginx } from '../../routers/nginx/nginx';
import type { Router, Routing } from '../../routers/router';
import { openTarget } from '../../targets/open';
import { certificateIn, type Certificate } from '../support/certificate';
import { freePorts } from '../support/free-port';
import { openContained } from '../support/other-worker';
import { io, RouterWorld, routingOf } from '../support/router-world';
import { overTcp } from '../targets/docker/engine-roads';

/* Preflight sees what the router will see, whoever the worker is, and wherever it runs. */

interface Worker {
  host: Host;
  close: () => unknown;
}

/** The target is another machine, of which only the engine can be reached. */
async function openRemote(world: RouterWorld): Promise<Worker> {
  const road = await overTcp();
  // A helper container of this test's own, so that it can be removed.
  const helperImage = `spillway/socat:worlds-${world.id}`;
  await world.docker('tag', 'spillway/socat:local', helperImage);
  const raw = { version: 1, app: 'demo', services: { api: { image: 'x' } }, target: { ...road.config, helperImage } };
  const opened = await openTarget(appConfigSchema.parse(raw).target, road.surroundings);
  const close = async () => {
    await opened.close();
    road.close();
    const all = (await world.docker('ps', '-a', '--format', '{{.ID}} {{.Image}}')).split('\n');
    const [helper] = all.filter((line) => line.endsWith(` ${helperImage}`)).map((line) => line.split(' ')[0]!);
    if (helper !== undefined) await world.docker('rm', '-f', helper);
    await world.docker('rmi', helperImage);
  };
  return { host: opened.host, close };
}

describe.each([
  ['of the same machine', true, (world: RouterWorld): Worker => ({ host: world.target.host, close: () => undefined })],
  ['in a container on the host’s network', false, (world: RouterWorld) => openContained(world, world.directory)],
  [
    'that is not root and sees files that only root may read',
    false,
    (world: RouterWorld, folder: string) =>
      openContained(world, world.directory, '--user', '10001:10001', '-v', `${folder}:${folder}`),
  ],
  ['of a remote target', true, openRemote],
] as const)('a worker %s', (_, canRead, open) => {
  describe.each(['haproxy', 'nginx'] as const)('with %s', (kind) => {
    let world: RouterWorld;
    let worker: Worker;
    let folder: string;
    let files: Certificate;
    let other: Certificate;
    let routing: Routing;
    let port: number;

    beforeAll(async () => {
      world = await RouterWorld.open(`worlds-${kind}`);
      await chmod(world.directory, 0o777);
      folder = await mkdtemp(join(tmpdir(), 'worlds-tls-'));
      await mkdir(join(folder, 'other'));
      [files, other] = await Promise.all([certificateIn(folder), certificateIn(join(folder, 'other'))]);
      for (const file of [files.key, `${files.certificates}/fx.pem`]) await chmod(file, 0o600);
      await chmod(folder, 0o755);
      worker = await open(world, folder);
      [port] = (await freePorts(1)) as [number];
      routing = routingOf({ app: 'fx-shop', environment: 'production' }, { web: { route: port, blue: [], green: [] } });
    }, 300_000);

    afterAll(async () => {
      await worker?.close();
      await world?.close();
      await rm(folder, { recursive: true, force: true });
    });

    /** Its own folder is not there yet. */
    const directory = () => join(world.directory, 'router');
    const router = ({ certificates, certificate, key }: Certificate, image = `spillway/${kind}:local`): Router =>
      kind === 'haproxy'
        ? openHaproxy({ kind, image, directory: directory(), tls: { certificates, ports: [port] } }, worker)
        : openNginx({ kind, image, directory: directory(), tls: { certificate, key, ports: [port] } }, worker);

    test('has a good configuration tried, certificates read, and nothing left behind [proves 5]', async () => {
      expect(await router(files).check(routing, io)).toEqual([
        expect.stringMatching(/^the certificate in .* expires on /),
      ]);
      expect(await readdir(world.directory)).toEqual([]);
    });

    test('hears of a key that does not fit [proves 5]', async () => {
      await mkdir(join(folder, 'mixed'));
      const texts = await Promise.all([files.certificate, other.key].map((file) => readFile(file, 'utf8')));
      await writeFile(join(folder, 'mixed', 'all.pem'), texts.join(''), { mode: 0o600 });
      const mixed = { certificate: files.certificate, key: other.key, certificates: join(folder, 'mixed') };
      await expect(router(mixed).check(routing, io)).rejects.toMatchObject({
        name: 'ConfigurationFailure',
        message: expect.stringContaining('seen the key of another one; correct router.tls'),
      });
    });

    test('hears of what the target does not have, and the target is not given it [proves 5]', async () => {
      const none = join(folder, 'none');
      const away = { certificate: join(none, 'a.pem'), key: join(none, 'a.key'), certificates: none };
      await expect(router(away).check(routing, io)).rejects.toMatchObject({
        name: 'ConfigurationFailure',
        message: expect.stringContaining(none),
      });
      expect(await readdir(folder)).not.toContain('none');
    });

    test('reads certificates itself while the target has no image of the router, or says that it cannot [proves 5]', async () => {
      const told = canRead ? ' expires on ' : 'were not looked at, because the worker cannot read them';
      expect(await router(files, 'spillway/none:local').check(routing, io)).toEqual([expect.stringContaining(told)]);
    });

    if (kind === 'haproxy') {
      test('passes over a folder among the certificates, as HAProxy does [proves 5]', async () => {
        await mkdir(join(other.certificates, 'old.pem'), { recursive: true });
        await writeFile(join(other.certificates, 'old.pem', 'no.pem'), 'no PEM');
        expect(await router(other).check(routing, io)).toEqual([expect.stringContaining(' expires on ')]);
      });
    }
  });
});
