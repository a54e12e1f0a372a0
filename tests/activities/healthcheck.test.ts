import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { baselineActivities } from '../../activities/baseline';
import { buildActivities } from '../../activities/build';
import { deployActivities } from '../../activities/deploy';
import { trafficActivities } from '../../activities/traffic';
import type { PinnedImage } from '../../domain/release';
import { BUSYBOX, builtFrom, quietIo, webService } from '../targets/docker/fixture';
import { SlotWorld, run } from './slot-world';

let world: SlotWorld;
const io = quietIo();

beforeEach(async () => {
  world = await SlotWorld.open();
});
afterEach(() => world.close());

const checkedBy = (healthcheck: string) =>
  builtFrom({ ...world, io }, [`FROM ${BUSYBOX}`, `HEALTHCHECK ${healthcheck}`]);
const web = (settings: object = {}) => ({ services: { web: webService({ routes: [{ port: 80 }], ...settings }) } });

async function deploy(image: PinnedImage, settings: Record<string, unknown> = web()) {
  const beats: unknown[] = [];
  const step = await world.step(settings);
  const service = Object.keys(step.config.services)[0]!;
  const input = { ...step, slot: 'blue' as const, images: [{ ...image, service }], firstRelease: true };
  const { deploySlot } = deployActivities(world.parts);
  const { detail } = await run(deploySlot, input, (beat) => beats.push(beat));
  return { detail, beats };
}

test('an image whose HEALTHCHECK has the interval of Docker itself is waited for, and the time is told [proves 7]', async () => {
  const { detail, beats } = await deploy(await checkedBy('CMD true'));
  expect(detail).toMatch(/^1 replica healthy in blue after \d/);
  expect(beats).toContainEqual(
    expect.stringMatching(/^0 of 1 replicas healthy; \S+: HEALTHCHECK says starting, [\d.]+ s of at most 3 min$/),
  );
});

test('copies of the live version and what starts only in the switch get the same time [proves 7]', async () => {
  const image = await checkedBy('--interval=11s CMD true');
  await deploy(image);
  const next = await world.step(web(), '2.0.0', 'next');
  const { deployBaseline } = baselineActivities(world.parts);
  await expect(run(deployBaseline, { ...next, live: { slot: 'blue', version: '1.0.0' } })).resolves.toMatchObject({
    detail: expect.stringContaining('1 replica healthy'),
  });
  const queue = { image: BUSYBOX, command: ['sleep', '1000'], traffic: 'none', run: 'live-only', stopGrace: '1s' };
  const last = await world.step({ services: { queue } }, '3.0.0', 'last');
  const images = [{ ...image, service: 'queue' }];
  const { deploySlot } = deployActivities(world.parts);
  await run(deploySlot, { ...last, slot: 'green', images, firstRelease: false });
  const { moveLiveOnly } = trafficActivities(world.parts);
  await expect(run(moveLiveOnly, { ...last, to: 'green' })).resolves.toMatchObject({
    deployed: [expect.objectContaining({ service: 'queue' })],
  });
});

test('HEALTHCHECK NONE leaves it at running [proves 7]', async () => {
  const image = await checkedBy('NONE');
  await expect(deploy(image, web({ health: { interval: '300ms' } }))).resolves.toMatchObject({
    detail: expect.stringMatching(/^1 replica healthy/),
  });
});

test('the verdict of Docker ends the waiting long before the time is up [proves 7]', async () => {
  const image = await checkedBy('--interval=1s --retries=1 --timeout=10m CMD false');
  await expect(deploy(image)).rejects.toMatchObject({
    name: 'UnhealthyFailure',
    message: expect.stringContaining('HEALTHCHECK says unhealthy'),
  });
});

test('what the HEALTHCHECK said is quoted, without secrets [proves 7]', async () => {
  const image = await checkedBy('--interval=1s --retries=1 CMD echo "no answer to $PASSWORD"; exit 7');
  const failed = deploy(image, web({ env: { PASSWORD: { env: 'PASSWORD' } } }));
  await expect(failed).rejects.toMatchObject({
    message: expect.stringMatching(
      /its HEALTHCHECK ended with exit code [17] in \S+, and said: no answer to \[redacted\]/,
    ),
  });
});

test('a program that the image lacks is named as the reason [proves 7]', async () => {
  const image = await checkedBy('--interval=1s --retries=1 CMD ["curl", "-f", "http://localhost:8080"]');
  await expect(deploy(image)).rejects.toMatchObject({
    message: expect.stringMatching(/and said: .*exec: "curl": executable file not found/),
  });
});

test('attempts that end before the first probe are refused once the image is built [proves 7]', async () => {
  await writeFile(join(world.directory, 'Dockerfile'), `FROM ${BUSYBOX}\nHEALTHCHECK CMD true\n`);
  const service = { build: { context: '.' }, port: 8080, routes: [{ port: 80 }], health: { attempts: 3 } };
  const step = await world.step({ services: { web: service } });
  const built = run(buildActivities(world.parts).buildImages, {
    ...step,
    skipBuild: false,
    configurationIdentity: 'c',
  });
  await expect(built).rejects.toMatchObject({
    message: expect.stringContaining('expected more than 30 s to get healthy'),
  });
});

test('attempts that the file gives are kept to [proves 7]', async () => {
  const image = await checkedBy('CMD true');
  await expect(deploy(image, web({ health: { attempts: 2, interval: '100ms' } }))).rejects.toMatchObject({
    message: expect.stringContaining('HEALTHCHECK says starting'),
  });
});
