import { execFileSync } from 'node:child_process';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { PreflightReport } from '../../activities/steps';
import type { PinnedImage, Slot } from '../../domain/release';
import { containerName } from '../../targets/docker/names';
import { ActivityWorld } from '../support/activity-world';
import { engine } from '../support/engine';

const OLD = '20261121-100000-1.0.0-aaaa';
const NEW = '20261121-110000-1.1.0-bbbb';
const DOCKERFILE = 'FROM spillway/node:local\nCOPY --chown=10001:10001 data /data\n';

// eslint-disable-next-line @typescript-eslint/no-explicit-any -- tests change any part of it
type Web = any;

let world: ActivityWorld;
let made: string[];
beforeEach(async () => {
  made = [];
  world = await ActivityWorld.open();
  await mkdir(join(world.project, 'store/data'), { recursive: true });
  await writeFile(join(world.project, 'store/data/.keep'), '');
  await dockerfile(`${DOCKERFILE}VOLUME /data/\n`);
  given();
});
afterEach(async () => {
  await world.close();
  for (const volume of made)
    await engine()
      .getVolume(volume)
      .remove()
      .catch(() => undefined);
});

const dockerfile = (text: string) => writeFile(join(world.project, 'store/Dockerfile'), text);

/** From now on `web` is built from the Dockerfile, with these settings. */
function given(settings: Web = {}, change: (raw: Web) => void = () => undefined): void {
  world.change = (raw) => {
    Object.assign(raw.services.web, { image: undefined, build: { context: 'store' }, ...settings });
    change(raw);
  };
}

const dataOf = ({ checks }: PreflightReport, name = 'data') => checks.find((check) => check.name === name)!;
const preflight = () => world.preflight(world.step(NEW, '1.1.0'));
const retire = () => world.run('retire', { ...world.step(NEW, '1.1.0'), slot: 'blue' });
const container = (slot: Slot | 'baseline') => containerName(world.scope, 'web', slot, 1);
const node = (slot: Slot, code: string) =>
  execFileSync('docker', ['exec', container(slot), 'node', '-p', code], { encoding: 'utf8' }).trim();
const write = (slot: Slot, file: string) => node(slot, `fs.writeFileSync('${file}', 'precious')`);

/** The volume that a container has at a path. */
async function volumeAt(slot: Slot, path = '/data'): Promise<string> {
  const { Mounts } = await engine().getContainer(container(slot)).inspect();
  const volume = Mounts.find(({ Destination }) => Destination === path)!.Name!;
  made.push(volume);
  return volume;
}

async function contentOf(volume: string, file = 'orders.db'): Promise<string> {
  const { Mountpoint } = await engine().getVolume(volume).inspect();
  return readFile(join(Mountpoint, file), 'utf8');
}

const isThere = (volume: string) =>
  engine()
    .getVolume(volume)
    .inspect()
    .then(
      () => true,
      () => false,
    );

/** 1.0.0 is live in blue, made by a Spillway that asked nothing of VOLUMEs, and has data that only its container has. */
async function liveOfOlder(): Promise<string> {
  given({ discard: ['/data'] });
  const step = world.step(OLD);
  await world.preflight(step);
  const { images } = await world.run('buildImages', { ...step, skipBuild: false, configurationIdentity: 'c' });
  given();
  await deploy(OLD, '1.0.0', 'blue', images);
  await world.run('setTraffic', { ...step, slot: 'blue', share: 100 });
  world.live = { slot: 'blue', version: '1.0.0', releaseId: OLD, images, identity: 'i' };
  write('blue', '/data/orders.db');
  return volumeAt('blue');
}

const deploy = (releaseId: string, version: string, slot: Slot, images: PinnedImage[]) =>
  world.run('deploySlot', { ...world.step(releaseId, version), slot, images, firstRelease: world.live === null });

/** 1.1.0 gets all the traffic in green. */
async function switchOver(): Promise<void> {
  const step = world.step(NEW, '1.1.0');
  await world.deploy(step, 'green');
  await world.run('setTraffic', { ...step, slot: 'green', share: 100 });
}

describe('an image with a VOLUME', () => {
  const build = (settings: object = {}) =>
    world.run('buildImages', { ...world.step(NEW), skipBuild: false, configurationIdentity: 'c', ...settings });

  it('is refused before it is built, when its Dockerfile tells, with the lines to write [proves 6]', async () => {
    const check = dataOf(await world.preflight(world.step(NEW)), 'image of web');
    expect(check.ok).toBe(false);
    const { app } = world.scope;
    expect(check.detail).toContain(join(world.project, 'store/Dockerfile'));
    expect(check.detail).toContain(`volumes: [{ source: ${app}-web-data, target: /data, shared: true }]`);
    expect(check.detail).toContain('`discard: [/data]`');
  });

  it('is refused before it is built, when what it is based on has one and is there [proves 6]', async () => {
    execFileSync('docker', ['build', '-q', '-t', `${world.scope.app}-base:1`, join(world.project, 'store')]);
    await dockerfile(`FROM ${world.scope.app}-base:1\n`);
    expect(dataOf(await world.preflight(world.step(NEW)), 'image of web')).toMatchObject({
      ok: false,
      detail: expect.stringContaining('seen none for /data') as string,
    });
  });

  it('is refused once it is built, when only the build knows it [proves 6]', async () => {
    await dockerfile(`${DOCKERFILE}ARG WHERE=/data\nVOLUME $WHERE /data/deeper\n`);
    const volumes = [{ source: `${world.scope.app}-x`, target: '/data', shared: true }];
    given({ volumes });
    await world.preflight(world.step(NEW));
    given({ volumes, discard: ['/data/deeper'] });
    await world.preflight(world.step(NEW));
    await build();
    given({ discard: ['/data/deeper'] });
    expect(dataOf(await world.preflight(world.step(NEW)), 'image of web').ok).toBe(true);
    await expect(build()).rejects.toMatchObject({
      name: 'ImageFailure',
      message: expect.stringMatching(/-web:1\.0\.0: expected a place .* seen none for \/data:/) as string,
    });
  });

  it('is refused although a folder above it is mounted, since the engine mounts its own below [proves 6]', async () => {
    await dockerfile(`${DOCKERFILE}VOLUME /data/deeper\n`);
    given({ volumes: [{ source: `${world.scope.app}-x`, target: '/data', shared: true }] });
    const check = dataOf(await world.preflight(world.step(NEW)), 'image of web');
    expect(check).toMatchObject({
      ok: false,
      detail: expect.stringContaining('seen none for /data/deeper:') as string,
    });
  });

  it('is refused when it is there already, and may not be built [proves 6]', async () => {
    const name = `${world.scope.app}-store:1`;
    execFileSync('docker', ['build', '-q', '-t', name, join(world.project, 'store')]);
    world.change = (raw) => (raw.services.web.image = name);
    const report = await world.preflight(world.step(NEW));
    expect(dataOf(report, 'image of web')).toMatchObject({
      ok: false,
      detail: expect.stringContaining(`${name}: expected a place`) as string,
    });
  });

  it.each([
    ['a volume with a name', { volumes: [{ source: 'NAME', target: '/data/', shared: true }] }],
    ['a folder of the host', { volumes: [{ source: '/etc', target: '/data', readOnly: true }] }],
    ['the word that it may go', { discard: ['/data/'] }],
  ])('is fine with %s [proves 6]', async (_, settings) => {
    given(JSON.parse(JSON.stringify(settings).replace('NAME', `${world.scope.app}-x`)));
    const report = await world.preflight(world.step(NEW));
    expect(report.checks.filter(({ ok }) => !ok)).toEqual([]);
    await build();
  });
});

describe('a live version whose container alone has data', () => {
  it('is not released over without a word, and the way out is in the reason [proves 6]', async () => {
    const volume = await liveOfOlder();
    await dockerfile(DOCKERFILE);
    const { ok, detail } = dataOf(await preflight());
    expect(ok).toBe(false);
    expect(detail).toContain(`${container('blue')} has in /data`);
    expect(detail).toContain(`volumes: [{ source: ${volume}, target: /data, shared: true }]`);
    expect(detail).toContain('`discard: [/data]`');
  }, 300_000);

  it('gives its data to a version that mounts that volume, and it stays with that version [proves 6]', async () => {
    const volume = await liveOfOlder();
    given({ volumes: [{ source: volume, target: '/data', shared: true }] });
    expect(dataOf(await preflight())).toMatchObject({ ok: true });
    await switchOver();
    expect(await retire()).toEqual({ leftovers: [] });
    expect(node('green', "fs.readFileSync('/data/orders.db', 'utf8')")).toBe('precious');
  }, 300_000);

  it('is refused with an empty volume in its place, and released with a copy by the command in the reason [proves 6]', async () => {
    await liveOfOlder();
    const name = `${world.scope.app}-web-data`;
    made.push(name);
    given({ volumes: [{ source: name, target: '/data', shared: true }] });
    const { ok, detail } = dataOf(await preflight());
    expect(ok).toBe(false);
    const command = /`docker run ([^`]*)`/
      .exec(detail)![1]!
      .replace('busybox cp', '--user 0 spillway/busybox:local cp');
    execFileSync('docker', ['run', ...command.split(' ')]);
    expect(dataOf(await preflight())).toMatchObject({ ok: true, warning: true });
    await switchOver();
    expect(node('green', "fs.readFileSync('/data/orders.db', 'utf8')")).toBe('precious');
  }, 300_000);

  it('leaves its data in a volume that is told, also when retire is tried twice, if the file lets it stay behind [proves 6]', async () => {
    const volume = await liveOfOlder();
    given({ discard: ['/data'] });
    expect(dataOf(await preflight())).toMatchObject({
      ok: true,
      warning: true,
      detail: expect.stringContaining(volume) as string,
    });
    await switchOver();
    const told = [
      `volume ${volume} is kept, with what 1.0.0 of web had in /data; \`docker volume rm ${volume}\` removes it`,
    ];
    expect(await retire()).toEqual({ leftovers: told });
    // As after a crash between the removal and its answer.
    expect(await retire()).toEqual({ leftovers: told });
    expect(await world.slot('blue')).toEqual([]);
    expect(await contentOf(volume)).toBe('precious');
    // Whoever needed it no more has removed it: nobody hears of it again.
    await engine().getVolume(volume).remove();
    expect(await retire()).toEqual({ leftovers: [] });
  }, 300_000);

  it('is not copied for a fresh baseline, whose visitors would lose what they write [proves 6]', async () => {
    await liveOfOlder();
    const canary = { baseline: 'fresh', steps: [{ weight: 10, soak: '1s' }], limits: { errorRate: 5 } };
    given({ discard: ['/data'] }, (raw) => (raw.canary = canary));
    const { ok, detail } = dataOf(await preflight());
    expect(ok).toBe(false);
    expect(detail).toContain('write `baseline: live`');
  }, 300_000);

  it('keeps its data when a release that was terminated is cleaned up after, which tells of it [proves 6]', async () => {
    const volume = await liveOfOlder();
    // Green is live by now: blue is what that release left.
    given({ discard: ['/data'] });
    await switchOver();
    const { images } = world.live!;
    world.live = { slot: 'green', version: '1.1.0', releaseId: NEW, images, identity: 'i' };
    const { did } = await world.run('reconcile', { ...world.step('20261121-120000-1.2.0-cccc'), live: world.live });
    expect(did).toContainEqual(expect.stringContaining(`volume ${volume} is kept`));
    expect(await world.slot('blue')).toEqual([]);
    expect(await contentOf(volume)).toBe('precious');
  }, 300_000);
});

describe('data that the file lets go', () => {
  it('goes with a release that is undone, and nothing of it is left [proves 6]', async () => {
    given({ discard: ['/data'] });
    const live = await world.release(OLD, '1.0.0', 'blue');
    await world.deploy(world.step(NEW, '1.1.0'), 'green');
    write('green', '/data/orders.db');
    const volume = await volumeAt('green');
    await world.run('removeSlot', { ...world.step(NEW, '1.1.0'), slot: 'green' });
    expect(await isThere(volume)).toBe(false);
    expect(await isThere(await volumeAt(live.slot))).toBe(true);
  }, 300_000);

  it('goes with the old version, which is said before when the new one lets it go no more [proves 6]', async () => {
    given({ discard: ['/data'] });
    await world.release(OLD, '1.0.0', 'blue');
    write('blue', '/data/orders.db');
    const volume = await volumeAt('blue');
    expect(dataOf(await preflight())).toMatchObject({ ok: true });
    expect(dataOf(await preflight()).warning).toBeUndefined();
    const name = `${world.scope.app}-web-data`;
    made.push(name);
    given({ volumes: [{ source: name, target: '/data', shared: true }] });
    const check = dataOf(await preflight());
    expect(check).toMatchObject({ ok: true, warning: true });
    expect(check.detail).toContain(`save volume ${volume} before`);
    await switchOver();
    expect(await retire()).toEqual({ leftovers: [] });
    expect(await isThere(volume)).toBe(false);
  }, 300_000);
});

describe('what only a warning can tell', () => {
  it('a volume with a name that the new version does not mount is named, and stays [proves 6]', async () => {
    const name = `${world.scope.app}-kept`;
    made.push(name);
    given({ volumes: [{ source: name, target: '/data', shared: true }] });
    await world.release(OLD, '1.0.0', 'blue');
    write('blue', '/data/orders.db');
    await dockerfile(DOCKERFILE);
    given();
    const check = dataOf(await preflight());
    expect(check).toMatchObject({ ok: true, warning: true });
    expect(check.detail).toBe(
      `1.0.0 of web has ${name} at /data, and the new version mounts nothing there: ${name} stays, with its data`,
    );
    await switchOver();
    expect(await retire()).toEqual({ leftovers: [] });
    expect(await contentOf(name)).toBe('precious');
  }, 300_000);

  it('a volume to which another environment writes is named before the first release there [proves 6]', async () => {
    const name = `${world.scope.app}-kept`;
    made.push(name);
    const volumes = [{ source: name, target: '/data', shared: true }];
    given({ volumes });
    await world.release(OLD, '1.0.0', 'blue');
    expect(dataOf(await preflight()).warning).toBeUndefined();
    world.live = null;
    const step = world.step(NEW);
    const staging = { ...step, release: { ...step.release, environment: 'staging' } };
    const check = dataOf(await world.preflight(staging, { fence: false }));
    expect(check).toMatchObject({ ok: true, warning: true });
    expect(check.detail).toContain(`${container('blue')} of another environment writes to ${name}, too`);
    volumes[0] = { source: name, target: '/data', readOnly: true } as never;
    expect(
      dataOf(await world.preflight({ ...staging, config: world.step(NEW).config }, { fence: false })).warning,
    ).toBeUndefined();
  }, 300_000);

  it('files that the live container wrote into itself are named, scratch files are not [proves 6]', async () => {
    await dockerfile(`${DOCKERFILE}WORKDIR /data\n`);
    given({ readOnlyRoot: false });
    await world.release(OLD, '1.0.0', 'blue');
    expect(dataOf(await preflight()).warning).toBeUndefined();
    write('blue', '/data/app.sqlite');
    write('blue', '/data/app.pid');
    write('blue', '/tmp/scratch');
    const check = dataOf(await preflight());
    expect(check).toMatchObject({ ok: true, warning: true });
    expect(check.detail).toContain(`${container('blue')} wrote /data/app.sqlite outside of its volumes`);
  }, 300_000);
});
