import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { buildActivities } from '../../activities/build';
import { tagsDocument } from '../../activities/image-tags';
import type { PinnedImage } from '../../domain/release';
import { BUSYBOX, docker, quietIo } from '../targets/docker/fixture';
import { SlotWorld, run } from './slot-world';

let world: SlotWorld;
const io = quietIo();

beforeEach(async () => {
  world = await SlotWorld.open();
});
afterEach(() => world.close());

async function dockerfile(service: string, lines: string): Promise<void> {
  await mkdir(join(world.directory, service), { recursive: true });
  await writeFile(join(world.directory, service, 'Dockerfile'), `FROM ${BUSYBOX}\n${lines}\n`);
}

/** `policy` by service; each is built from its own folder. */
const built = (services: Record<string, object> = { api: {}, web: {} }) => ({
  services: Object.fromEntries(
    Object.entries(services).map(([name, settings]) => [
      name,
      { build: { context: `./${name}` }, port: 8080, routes: [{ port: 80, path: `/${name}` }], ...settings },
    ]),
  ),
});

const reference = (service: string, version = '1.0.0') => `${world.scope.app}-${service}:${version}`;
const idOf = async (name: string) =>
  docker
    .getImage(name)
    .inspect()
    .then(({ Id }) => Id as string | undefined)
    .catch(() => undefined);

test('every service is built and pinned; the same sources give the same identity, other configuration another', async () => {
  const { buildImages } = buildActivities(world.parts);
  await dockerfile('api', 'ENV A=1');
  await dockerfile('web', 'ENV A=2');
  const step = await world.step(built());
  const input = { ...step, skipBuild: false, configurationIdentity: 'c1' };
  const report = await run(buildImages, input);
  expect(report.images.map(({ service, reference: name }) => [service, name])).toEqual([
    ['api', reference('api')],
    ['web', reference('web')],
  ]);
  expect(await idOf(reference('api'))).toBe(report.images[0]!.digest);
  expect(report.tags).toEqual(['api', 'web'].map((service) => ({ reference: reference(service), previous: null })));
  expect((await run(buildImages, input)).identity).toBe(report.identity);
  expect((await run(buildImages, { ...input, configurationIdentity: 'c2' })).identity).not.toBe(report.identity);
});

test('all mistakes of all images stop the release at once [proves G4, G5]', async () => {
  const { buildImages } = buildActivities(world.parts);
  await dockerfile('api', 'USER root');
  await dockerfile('web', 'ENV API_TOKEN=abc123');
  const step = await world.step(built({ api: {}, web: { policy: { maxSize: '1MB' } } }));
  const failed = run(buildImages, { ...step, skipBuild: false, configurationIdentity: 'c' });
  await expect(failed).rejects.toMatchObject({
    name: 'ImageFailure',
    message: expect.stringMatching(/api:1.0.0: expected a user[^]*web:1.0.0: expected at most 1 MB[^]*API_TOKEN/),
  });
  await expect(failed).rejects.not.toMatchObject({ message: expect.stringContaining('abc123') });
});

test('the undo puts tags back and removes what was built, also when the step died before it answered', async () => {
  const { buildImages, restoreImages } = buildActivities(world.parts);
  await dockerfile('api', 'ENV A=old');
  const first = await world.step(built({ api: {} }));
  const old = await run(buildImages, { ...first, skipBuild: false, configurationIdentity: 'c' });
  await dockerfile('api', 'ENV A=new');
  await dockerfile('web', 'ENV A=new');
  const again = await world.step(built(), '1.0.0', 'b');
  const report = await run(buildImages, { ...again, skipBuild: false, configurationIdentity: 'c' });
  // Another attempt after a crash must not take the moved tag for the old one.
  await run(buildImages, { ...again, skipBuild: false, configurationIdentity: 'c' });
  expect(report.tags.map(({ previous }) => previous)).toEqual([old.images[0]!.digest, null]);

  await run(restoreImages, again);
  await run(restoreImages, again);
  expect(await idOf(reference('api'))).toBe(old.images[0]!.digest);
  expect(await idOf(reference('web'))).toBeUndefined();
  expect(await Promise.all(report.images.map(({ digest }: PinnedImage) => idOf(digest)))).toEqual([
    undefined,
    undefined,
  ]);
  const { documents } = await world.parts.state(again.config, again.release);
  expect(await documents.read(tagsDocument(again), io)).toBeUndefined();
});

test('a build that is under way when another fails has ended before the step fails, so that the undo finds its image', async () => {
  const { buildImages, restoreImages } = buildActivities(world.parts);
  await dockerfile('api', 'RUN sleep 2');
  await dockerfile('web', 'NO SUCH INSTRUCTION');
  const input = { ...(await world.step(built())), skipBuild: false, configurationIdentity: 'c1' };
  await expect(run(buildImages, input)).rejects.toThrow(/NO/);
  expect(await idOf(reference('api'))).toBeDefined();
  await run(restoreImages, input);
  expect(await idOf(reference('api'))).toBeUndefined();
});

test('the undo of a release that built nothing does nothing', async () => {
  const { restoreImages } = buildActivities(world.parts);
  await run(restoreImages, await world.step(built()));
});

test('without a build the image of the version must be there [proves G6]', async () => {
  const { buildImages } = buildActivities(world.parts);
  await dockerfile('api', 'ENV A=1');
  const step = await world.step(built({ api: {} }));
  const input = { ...step, skipBuild: true, configurationIdentity: 'c' };
  await expect(run(buildImages, input)).rejects.toMatchObject({
    name: 'ImageFailure',
    message: expect.stringMatching(/--skip-build, seen none/),
  });
  const { images } = await run(buildImages, { ...input, skipBuild: false });
  expect((await run(buildImages, input)).images).toEqual(images);
});

test('an image is named as its template says [proves V3]', async () => {
  const { buildImages } = buildActivities(world.parts);
  await dockerfile('api', 'ENV A=1');
  const step = await world.step(built({ api: { image: `${world.scope.app}-backend:v{version}` } }), '1.2.3-rc.1');
  const { images } = await run(buildImages, { ...step, skipBuild: false, configurationIdentity: 'c' });
  expect(images[0]!.reference).toBe(`${world.scope.app}-backend:v1.2.3-rc.1`);
});
