import { deployActivities } from '../../activities/deploy';
import type { PinnedImage } from '../../domain/release';
import { groupOfAddress } from '../../targets/docker/addresses';
import { LABELS } from '../../domain/names';
import { networkName } from '../../targets/docker/names';
import { BUSYBOX, docker, quietIo, webService } from '../targets/docker/fixture';
import { SlotWorld, run } from './slot-world';

let world: SlotWorld;
let image: PinnedImage;
const io = quietIo();

beforeEach(async () => {
  world = await SlotWorld.open();
  image = await world.target.images.pull(BUSYBOX, 'web', io);
});
afterEach(() => world.close());

const healthy = { health: { endpoints: [{ path: '/index.html' }], attempts: 300, interval: '200ms' } };
const oneService = (settings: Record<string, unknown> = {}) => ({
  services: { web: webService({ routes: [{ port: 80 }], ...healthy, ...settings }) },
});

test('the slot is healthy on every replica and known to the router, whose shares stay as they were [proves D1]', async () => {
  const { deploySlot } = deployActivities(world.parts);
  const step = await world.step(oneService({ replicas: 2 }));
  const { detail } = await run(deploySlot, { ...step, slot: 'blue', images: [image], firstRelease: false });
  expect(detail).toMatch(/^2 replicas healthy in blue after /);
  const { blue, green } = world.router.routing!.services[0]!.slots;
  expect(blue.map(({ address, port }) => [groupOfAddress(address), port])).toEqual([
    ['blue', 8080],
    ['blue', 8080],
  ]);
  expect(green).toEqual([]);
  expect(world.router.share).toBeUndefined();
});

test('variables, secrets and feature flags reach the container, and a second deploy keeps it [proves D11]', async () => {
  const { deploySlot } = deployActivities(world.parts);
  const settings = oneService({ env: { GREETING: 'hi', KEY: { env: 'THE_KEY' } } });
  const step = await world.step({ ...settings, features: { 'new-checkout': true, limit: 5 } });
  const input = { ...step, slot: 'green' as const, images: [image], firstRelease: true };
  await run(deploySlot, input);
  const [first] = await world.target.replicas.list(world.scope, 'green', io);
  const { Config, Id } = await docker.getContainer(first!.container).inspect();
  expect(Config.Env).toEqual(
    expect.arrayContaining([
      'GREETING=hi',
      'KEY=secret-of-THE_KEY',
      'FEATURE_NEW_CHECKOUT=true',
      'FEATURE_LIMIT=5',
      'SPILLWAY_SLOT=green',
    ]),
  );
  await run(deploySlot, input);
  expect((await docker.getContainer(first!.container).inspect()).Id).toBe(Id);
});

test('a version that never gets healthy fails with what was expected, what was seen, and its last lines, redacted [proves D4]', async () => {
  const { deploySlot } = deployActivities(world.parts);
  const command = ['sh', '-c', 'echo "using $KEY"; echo ready; mkdir /tmp/www; exec httpd -f -p 8080 -h /tmp/www'];
  const step = await world.step(
    oneService({ command, env: { KEY: { env: 'THE_KEY' } }, health: { ...healthy.health, attempts: 20 } }),
  );
  await expect(run(deploySlot, { ...step, slot: 'blue', images: [image], firstRelease: true })).rejects.toMatchObject({
    name: 'UnhealthyFailure',
    message: expect.stringMatching(
      /web\.blue-1 \/index.html: expected status 200, seen 404[^]*last 2 lines[^]*using \[redacted\]\nready/,
    ),
  });
});

test('a container that crashes again and again is given up before the attempts are used up', async () => {
  const { deploySlot } = deployActivities(world.parts);
  const health = { endpoints: [{ path: '/' }], attempts: 100, interval: '10s' };
  const step = await world.step(oneService({ command: ['sh', '-c', 'echo no database; exit 7'], health }));
  await expect(run(deploySlot, { ...step, slot: 'blue', images: [image], firstRelease: true })).rejects.toMatchObject({
    name: 'UnhealthyFailure',
    message: expect.stringMatching(/restarted \d+ times[^]*no database/),
  });
});

test('without endpoints a service only has to keep running', async () => {
  const { deploySlot } = deployActivities(world.parts);
  const queue = { ...webService(), traffic: 'none', run: 'both', routes: [], health: { interval: '2s' } };
  const step = await world.step({ services: { queue } });
  const input = { ...step, slot: 'blue' as const, images: [{ ...image, service: 'queue' }], firstRelease: true };
  const beats: unknown[] = [];
  await expect(run(deploySlot, input, (beat) => beats.push(beat))).resolves.toMatchObject({
    detail: expect.stringMatching(/^1 replica healthy/),
  });
  expect(beats).toContainEqual(expect.stringMatching(/is running; watched for 2 s, \S+ m?s of at most /));
});

test('a fallback path is asked when the primary does not pass [proves D6]', async () => {
  const { deploySlot } = deployActivities(world.parts);
  const health = { endpoints: [{ path: '/none', fallback: '/index.html' }], attempts: 300, interval: '200ms' };
  const step = await world.step(oneService({ health }));
  await expect(run(deploySlot, { ...step, slot: 'blue', images: [image], firstRelease: true })).resolves.toBeDefined();
});

test('a step of a release that no longer has the environment does nothing', async () => {
  const { deploySlot } = deployActivities(world.parts);
  const step = await world.step(oneService());
  const { documents } = await world.parts.state(step.config, step.release);
  await documents.write('fence', 'another', io);
  const input = { ...step, slot: 'blue' as const, images: [image], firstRelease: true };
  await expect(run(deploySlot, input)).rejects.toMatchObject({
    name: 'OutdatedFailure',
    message: expect.stringContaining('names another'),
  });
  await documents.remove('fence', io);
  await expect(run(deploySlot, input)).rejects.toMatchObject({ name: 'OutdatedFailure' });
  expect(await world.target.replicas.list(world.scope, 'blue', io)).toEqual([]);
});

test('a failed slot is emptied and removed, twice if need be; the live one stays', async () => {
  const { deploySlot, removeSlot } = deployActivities(world.parts);
  const live = await world.step(oneService());
  await run(deploySlot, { ...live, slot: 'blue', images: [image], firstRelease: true });
  const next = await world.step(oneService(), '2.0.0');
  await run(deploySlot, { ...next, slot: 'green', images: [image], firstRelease: false });
  world.router.share = 0;
  await run(removeSlot, { ...next, slot: 'green' });
  await run(removeSlot, { ...next, slot: 'green' });
  expect(world.router.did).toContain('sessions green');
  expect(await world.target.replicas.list(world.scope, 'green', io)).toEqual([]);
  expect(await world.target.replicas.list(world.scope, 'blue', io)).toHaveLength(1);
});

test('the first version of an environment gets no traffic before it was judged', async () => {
  const { deploySlot } = deployActivities(world.parts);
  await run(deploySlot, { ...(await world.step(oneService())), slot: 'blue', images: [image], firstRelease: true });
  expect(world.router.share).toBe(100);
});

test('a slot that has traffic while the other could take it is not removed', async () => {
  const { deploySlot, removeSlot } = deployActivities(world.parts);
  const live = await world.step(oneService());
  await run(deploySlot, { ...live, slot: 'blue', images: [image], firstRelease: true });
  const next = await world.step(oneService(), '2.0.0');
  await run(deploySlot, { ...next, slot: 'green', images: [image], firstRelease: false });
  world.router.share = 10;
  await expect(run(removeSlot, { ...next, slot: 'green' })).rejects.toMatchObject({
    name: 'RouterFailure',
    message: expect.stringContaining('10 %'),
  });
  expect(await world.target.replicas.list(world.scope, 'green', io)).toHaveLength(1);
});

test('what is in flight past the cap is closed before the containers go', async () => {
  const { deploySlot, removeSlot } = deployActivities(world.parts);
  const step = await world.step(oneService());
  await run(deploySlot, { ...step, slot: 'green', images: [image], firstRelease: true });
  world.router.share = 100;
  world.router.inFlight.green = 1;
  await run(removeSlot, { ...step, slot: 'green' });
  expect(world.router.did.slice(-2)).toEqual(['close green', 'putBack']);
  expect(await world.target.replicas.list(world.scope, 'green', io)).toEqual([]);
});

test('a container that came up at an address of the other slot is found before the router is told', async () => {
  const { deploySlot } = deployActivities(world.parts);
  const live = await world.step(oneService());
  await run(deploySlot, { ...live, slot: 'blue', images: [image], firstRelease: true });
  const [blue] = await world.target.replicas.list(world.scope, 'blue', io);
  const network = docker.getNetwork(networkName(world.scope));
  const stolen = blue!.endpoint!.address.replace(/\d+$/, '128');
  await network.disconnect({ Container: blue!.container });
  await network.connect({ Container: blue!.container, EndpointConfig: { IPAMConfig: { IPv4Address: stolen } } });
  world.router.did = [];

  const next = await world.step(oneService(), '2.0.0');
  await expect(run(deploySlot, { ...next, slot: 'green', images: [image], firstRelease: false })).rejects.toMatchObject(
    { name: 'UnhealthyFailure', message: expect.stringContaining(`web.blue-1 at ${stolen}`) },
  );
  expect(world.router.did).toEqual([]);
  const [green] = await world.target.replicas.list(world.scope, 'green', io);
  expect(green!.endpoint!.address).not.toBe(stolen);
});

/** BusyBox with a HEALTHCHECK of this command; labelled, so that it goes with the app. */
async function withHealthcheck(command: string): Promise<PinnedImage> {
  const reference = `${world.scope.app}-checked:1`;
  const [repo, tag] = reference.split(':') as [string, string];
  const base = await docker.createContainer({ Image: BUSYBOX, Cmd: ['true'] });
  const check = `HEALTHCHECK --interval=300ms --retries=1 CMD ${command}`;
  await base.commit({ repo, tag, changes: `LABEL ${LABELS.app}=${world.scope.app}\n${check}` });
  await base.remove();
  return (await world.target.images.inspect(reference, 'web', io))!.image;
}

test('without endpoints the engine’s own HEALTHCHECK is believed, and one that fails is not waited for', async () => {
  const { deploySlot } = deployActivities(world.parts);
  const step = await world.step(oneService({ health: { attempts: 100, interval: '200ms' } }));
  const input = { ...step, slot: 'blue' as const, firstRelease: true };
  await expect(run(deploySlot, { ...input, images: [await withHealthcheck('true')] })).resolves.toBeDefined();
  expect(await world.target.replicas.list(world.scope, 'blue', io)).toMatchObject([{ health: 'healthy' }]);

  const next = await world.step(oneService({ health: { attempts: 100, interval: '200ms' } }), '2.0.0');
  const sick = { ...next, slot: 'green' as const, images: [await withHealthcheck('false')], firstRelease: false };
  await expect(run(deploySlot, sick)).rejects.toMatchObject({
    name: 'UnhealthyFailure',
    message: expect.stringContaining('HEALTHCHECK says unhealthy'),
  });
});
