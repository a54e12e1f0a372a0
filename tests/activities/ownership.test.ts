import { randomBytes } from 'node:crypto';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type Docker from 'dockerode';
import { writeDocument } from '../../activities/ownership';
import type { PreflightCheck, PreflightReport } from '../../activities/steps';
import { LABELS } from '../../domain/names';
import type { EnvironmentDocument } from '../../domain/ownership';
import { containerName, networkName } from '../../targets/docker/names';
import { openTarget } from '../../targets/open';
import { ActivityWorld } from '../support/activity-world';
import { engine } from '../support/engine';

const OLD = '20261121-100000-1.0.0-aaaa';
const NEW = '20261121-110000-1.1.0-bbbb';
const HERE = 'here:1/test';
const THERE = 'there:1/test';

const worlds: ActivityWorld[] = [];
const strangers: Docker.Container[] = [];
afterEach(async () => {
  for (const container of strangers.splice(0)) await container.remove({ force: true });
  for (const world of worlds.splice(0)) await world.close();
});

async function open(scope?: { app: string; environment: string }): Promise<ActivityWorld> {
  const world = await ActivityWorld.open();
  if (scope) Object.assign(world.scope, scope);
  worlds.push(world);
  return world;
}

/** Its network is removed and made anew, so it lies where no other test looks for a free one meanwhile. */
async function openApart(): Promise<ActivityWorld> {
  const world = await open();
  world.change = ({ target }) => void (target.addressPool = '10.211.0.0/16');
  return world;
}

/** A container that runs under a name, with these labels and no others. */
async function stranger(name: string, labels: Record<string, string> = {}, network = 'none'): Promise<string> {
  const container = await engine().createContainer({
    name,
    Image: 'spillway/busybox:local',
    Cmd: ['sleep', '600'],
    Labels: labels,
    HostConfig: { NetworkMode: network },
  });
  await container.start();
  strangers.push(container);
  return container.id;
}

const bad = ({ checks }: PreflightReport): PreflightCheck[] => checks.filter(({ ok }) => !ok);
const runs = async (id: string): Promise<boolean> => (await engine().getContainer(id).inspect()).State.Running;
const document = async (world: ActivityWorld): Promise<EnvironmentDocument> =>
  JSON.parse(await readFile(join(world.state, 'environment.json'), 'utf8')) as EnvironmentDocument;

/** Makes all that is live what the version before ids made: its names and its labels. */
async function asEarlierVersion(world: ActivityWorld, owner: string): Promise<void> {
  const docker = engine();
  const { app, environment } = world.scope;
  const old = `spillway-${app}-${environment}`;
  const before = docker.getNetwork(networkName(world.scope));
  const { IPAM } = (await before.inspect()) as Docker.NetworkInspectInfo;
  const replicas = [];
  for (const service of ['web', 'job']) {
    const container = docker.getContainer(containerName(world.scope, service, 'blue', 1));
    replicas.push({ service, info: await container.inspect() });
    await container.remove({ force: true });
  }
  await before.remove();
  const labels = { [LABELS.app]: app, [LABELS.environment]: environment, [LABELS.owner]: owner };
  await docker.createNetwork({
    Name: old,
    Driver: 'bridge',
    IPAM: IPAM as Docker.NetworkCreateOptions['IPAM'],
    Labels: labels,
  });
  for (const { service, info } of replicas) {
    const Labels: Record<string, string> = { ...info.Config.Labels, [LABELS.owner]: owner };
    delete Labels[LABELS.id];
    const IPv4Address = info.NetworkSettings.Networks[networkName(world.scope)]!.IPAddress;
    const container = await docker.createContainer({
      name: `${app}-${environment}-${service}-blue-1`,
      Image: info.Config.Image,
      Cmd: info.Config.Cmd,
      Env: info.Config.Env,
      ExposedPorts: info.Config.ExposedPorts,
      Labels,
      HostConfig: { ...info.HostConfig, NetworkMode: old },
      NetworkingConfig: { EndpointsConfig: { [old]: { IPAMConfig: { IPv4Address }, Aliases: [`${service}-blue`] } } },
    });
    if (info.State.Running) await container.start();
  }
  await rm(join(world.state, 'environment.json'));
}

async function removeNetwork({ scope }: ActivityWorld): Promise<void> {
  for (const { Id } of await engine().listContainers({ all: true, filters: { label: [`${LABELS.app}=${scope.app}`] } }))
    await engine().getContainer(Id).remove({ force: true });
  await engine().getNetwork(`spillway-${scope.app}-${scope.environment}`).remove();
}

describe('names', () => {
  it('of two apps that read alike when joined by dashes never meet: both serve [proves 1]', async () => {
    const key = randomBytes(3).toString('hex');
    const first = await open({ app: `t${key}`, environment: 'eu-production' });
    await first.release(OLD, '1.0.0', 'blue');
    const second = await open({ app: `t${key}-eu`, environment: 'production' });
    await second.release(OLD, '2.0.0', 'blue');
    expect(await first.ask()).toBe('1.0.0');
    expect(await second.ask()).toBe('2.0.0');
    expect(await first.slot('blue')).toEqual([`job ${OLD} running`, `web ${OLD} running`]);
  }, 300_000);

  it('that a stranger holds are found in preflight, and the stranger runs on [proves 1]', async () => {
    const world = await open();
    const id = await stranger(containerName(world.scope, 'web', 'blue', 1));
    const plain = await stranger(`${world.scope.app}-production-web-blue-1`);
    const report = await world.preflight(world.step(NEW));
    expect(bad(report).map(({ name }) => name)).toEqual(['names']);
    expect(bad(report)[0]?.detail).toContain('which Spillway did not make');
    expect([await runs(id), await runs(plain)]).toEqual([true, true]);
  }, 300_000);

  it('that a stranger holds are found also where others call it by another name [proves 1]', async () => {
    const world = await open();
    const name = containerName(world.scope, 'web', 'blue', 1);
    await stranger(name, {}, 'bridge');
    const linking = await engine().createContainer({
      name: `0-${world.scope.app}`,
      Image: 'spillway/busybox:local',
      Cmd: ['sleep', '600'],
      HostConfig: { NetworkMode: 'bridge', Links: [`${name}:other`] },
    });
    try {
      await linking.start();
      expect(bad(await world.preflight(world.step(NEW))).map(({ name: check }) => check)).toEqual(['names']);
    } finally {
      await linking.remove({ force: true });
    }
  }, 300_000);

  it('that a stranger takes after preflight end the step, and the stranger runs on [proves 1]', async () => {
    const world = await open();
    const step = world.step(NEW);
    expect(bad(await world.preflight(step))).toEqual([]);
    const { images } = await world.run('buildImages', { ...step, skipBuild: false, configurationIdentity: 'c' });
    const id = await stranger(containerName(world.scope, 'web', 'blue', 1), { [LABELS.app]: world.scope.app });
    await expect(world.run('deploySlot', { ...step, slot: 'blue', images, firstRelease: true })).rejects.toMatchObject({
      name: 'ConfigurationFailure',
    });
    await world.run('removeSlot', { ...step, slot: 'blue' });
    expect(await runs(id)).toBe(true);
  }, 300_000);

  it('of a network that a stranger made are found in preflight, and it stays [proves 1]', async () => {
    const world = await open();
    const network = await engine().createNetwork({ Name: networkName(world.scope) });
    try {
      expect(bad(await world.preflight(world.step(NEW))).map(({ name }) => name)).toEqual(['names']);
    } finally {
      await network.remove();
    }
  }, 300_000);
});

describe('the name of an image', () => {
  it('that another app has is refused, with a name that is free [proves 1]', async () => {
    const world = await open();
    const { app } = world.scope;
    const context = join(world.project, 'context');
    await mkdir(context);
    await writeFile(join(context, 'Dockerfile'), 'FROM spillway/node:local\n');
    const reference = `${app}-web:1.0.0`;
    const { target: settings } = world.step(OLD).config;
    const target = await openTarget(settings, { variables: {} });
    const io = { signal: new AbortController().signal, onProgress: () => undefined };
    const build = { context: '.', dockerfile: 'Dockerfile', args: {}, directory: context, reference };
    await target.images.build({ ...build, labels: { [LABELS.app]: 'another' } }, 'web', io);
    try {
      world.change = (raw) => Object.assign(raw.services.web, { build: { context: 'context' }, image: undefined });
      const [refusal] = bad(await world.preflight(world.step(OLD)));
      expect(refusal?.name).toBe('image of web');
      expect(refusal?.detail).toContain(`seen an image of the app another`);
      world.change = (raw) =>
        Object.assign(raw.services.web, { build: { context: 'context' }, image: `${app}.web:{version}` });
      expect(bad(await world.preflight(world.step(OLD)))).toEqual([]);
    } finally {
      await target.images.remove(reference, io);
      await target.close();
    }
  }, 300_000);
});

describe('containers with the labels of an environment', () => {
  it('that another environment of the same names made are refused, and are never stopped or removed [proves 1]', async () => {
    const world = await open();
    await world.release(OLD, '1.0.0', 'blue');
    const { app, environment } = world.scope;
    const theirs = { [LABELS.app]: app, [LABELS.environment]: environment, [LABELS.id]: 'another' };
    const slotOf = (slot: string) => ({
      ...theirs,
      [LABELS.slot]: slot,
      [LABELS.release]: OLD,
      [LABELS.service]: 'job',
    });
    const ids = [await stranger(`${app}-a`, slotOf('green')), await stranger(`${app}-b`, slotOf('blue'))];
    const report = await world.preflight(world.step(NEW, '1.1.0'));
    expect(bad(report).map(({ name }) => name)).toEqual(['owner']);
    expect(bad(report)[0]?.detail).toContain('environment another');
    // Even a step that goes on all the same leaves them alone.
    const step = world.step(OLD);
    await world.run('moveLiveOnly', { ...step, to: 'blue' });
    await world.run('retire', { ...step, slot: 'green' });
    await world.run('reconcile', { ...step, live: world.live });
    expect(await Promise.all(ids.map(runs))).toEqual([true, true]);
    expect(await world.ask()).toBe('1.0.0');
  }, 300_000);
});

describe('an environment with the names and labels of the version before', () => {
  it('is released, and what it made goes once the new version serves [proves 1]', async () => {
    const world = await openApart();
    await world.release(OLD, '1.0.0', 'blue');
    await asEarlierVersion(world, HERE);
    const step = world.step(NEW, '1.1.0');
    expect(bad(await world.preflight(step))).toEqual([]);
    await world.release(NEW, '1.1.0', 'green');
    expect(await world.ask()).toBe('1.1.0');
    expect((await world.run('retire', { ...step, slot: 'blue' })).leftovers).toEqual([]);
    expect(await world.slot('blue')).toEqual([]);
    expect(await document(world)).toMatchObject({ temporal: HERE, formerly: [HERE] });
    await removeNetwork(world);
  }, 300_000);

  it('goes on with a release that an earlier worker began [proves 1]', async () => {
    const world = await openApart();
    const step = world.step(OLD);
    await world.deploy(step, 'blue');
    await asEarlierVersion(world, HERE);
    await world.run('setTraffic', { ...step, slot: 'blue', share: 100 });
    expect(await document(world)).toMatchObject({ temporal: HERE, formerly: [HERE] });
    await world.run('removeSlot', { ...step, slot: 'green' });
    expect(await world.slot('blue')).toEqual([`job ${OLD} created`, `web ${OLD} running`]);
    await removeNetwork(world);
  }, 300_000);

  it('is put back as it was [proves 1]', async () => {
    const world = await openApart();
    await world.release(OLD, '1.0.0', 'blue');
    await asEarlierVersion(world, HERE);
    const step = world.step(NEW, '1.1.0');
    await world.deploy(step, 'green');
    await world.run('setTraffic', { ...step, slot: 'green', share: 50 });
    await world.run('setTraffic', { ...step, slot: 'blue', share: 100 });
    await world.run('removeSlot', { ...step, slot: 'green' });
    expect(await world.slot('green')).toEqual([]);
    expect(await world.slot('blue')).toEqual([`job ${OLD} running`, `web ${OLD} running`]);
    expect(await world.ask()).toBe('1.0.0');
    await removeNetwork(world);
  }, 300_000);

  it('is adopted by another Temporal, which then releases there, and the first one is refused [proves 1]', async () => {
    const world = await openApart();
    await world.release(OLD, '1.0.0', 'blue');
    await asEarlierVersion(world, THERE);
    const step = world.step(NEW, '1.1.0');
    const [refusal] = bad(await world.preflight(step));
    expect(refusal).toMatchObject({ name: 'owner', detail: expect.stringContaining('spillway adopt') as string });
    const adopting = { ...step, release: { ...step.release, id: 'adopt-1' }, force: true };
    expect(await world.run('adoptEnvironment', adopting)).toMatchObject({ before: THERE, now: HERE });
    expect(await world.run('adoptEnvironment', adopting)).toMatchObject({ before: HERE, now: HERE });
    expect(bad(await world.preflight(step))).toEqual([]);
    await world.release(NEW, '1.1.0', 'green');
    expect(await world.ask()).toBe('1.1.0');
    Object.assign(world.parts, { owner: THERE });
    expect(bad(await world.preflight(world.step(OLD, '1.2.0'))).map(({ name }) => name)).toEqual(['owner']);
    await expect(world.run('takeFence', world.step(OLD))).rejects.toMatchObject({ name: 'PreflightFailure' });
    Object.assign(world.parts, { owner: HERE });
    await removeNetwork(world);
  }, 300_000);
});

describe('the id of an environment', () => {
  it('is the same for every attempt of its first release, and is never replaced by a late one [proves 1]', async () => {
    const world = await open();
    await world.preflight(world.step(OLD));
    const { id } = await document(world);
    await rm(join(world.state, 'environment.json'));
    await world.preflight(world.step(OLD));
    expect((await document(world)).id).toBe(id);
    const io = { signal: new AbortController().signal, onProgress: () => undefined };
    const { documents } = await world.parts.state(world.step(NEW).config, world.scope);
    const late = writeDocument({ owner: { id: 'another', formerly: [] }, temporal: HERE }, documents, io);
    await expect(late).rejects.toMatchObject({ name: 'UnreachableFailure' });
    expect((await document(world)).id).toBe(id);
  }, 300_000);
});

describe('adopting', () => {
  it('is refused while a release seems to be going on, and makes its late steps do nothing when forced [proves 1]', async () => {
    const world = await open();
    const step = world.step(OLD);
    await world.deploy(step, 'blue');
    Object.assign(world.parts, { owner: THERE });
    const adopting = { ...step, release: { ...step.release, id: 'adopt-1' } };
    await expect(world.run('adoptEnvironment', { ...adopting, force: false })).rejects.toThrow(
      `${OLD} has begun and stands in no ledger`,
    );
    await world.run('adoptEnvironment', { ...adopting, force: true });
    await expect(world.run('setTraffic', { ...step, slot: 'blue', share: 100 })).rejects.toMatchObject({
      name: 'OutdatedFailure',
    });
    Object.assign(world.parts, { owner: HERE });
  }, 300_000);

  it('keeps the id of the environment, and takes an environment without a document by its labels [proves 1]', async () => {
    const world = await open();
    await world.release(OLD, '1.0.0', 'blue');
    const { id } = await document(world);
    await rm(join(world.state, 'environment.json'));
    const step = world.step(NEW, '1.1.0');
    expect(bad(await world.preflight(step)).map(({ name }) => name)).toContain('owner');
    await world.run('adoptEnvironment', { ...step, force: true });
    expect(await document(world)).toMatchObject({ id, temporal: HERE });
  }, 300_000);
});
