import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { buildActivities } from '../../activities/build';
import { checkImage } from '../../activities/preflight/images';
import type { Step } from '../../activities/steps';
import type { PinnedImage } from '../../domain/release';
import { BUSYBOX, docker, quietIo } from '../targets/docker/fixture';
import { startRegistry, type Registry } from '../targets/docker/registry';
import { SlotWorld, run } from './slot-world';

let world: SlotWorld;
const io = quietIo();

beforeEach(async () => void (world = await SlotWorld.open()));
afterEach(() => world.close());

const idOf = (name: string): Promise<string | undefined> =>
  docker
    .getImage(name)
    .inspect()
    .then(
      ({ Id }) => Id,
      () => undefined,
    );
const tagsOf = async (name: string): Promise<string[]> => (await docker.getImage(name).inspect()).RepoTags ?? [];
const service = (settings: object) => ({ port: 8080, routes: [{ port: 80 }], ...settings });
const build = (step: Step, images?: PinnedImage[]) =>
  run(buildActivities(world.parts).buildImages, { ...step, images, skipBuild: false, configurationIdentity: 'c' });
const undo = (step: Step) => run(buildActivities(world.parts).restoreImages, step);
const options = { skipBuild: false, testOnly: false, noRollback: false, again: false };
const preflight = (step: Step, images: PinnedImage[], name = 'api') =>
  checkImage({ ...step, options, images }, world.target, name, io);

describe('an image that was built and pinned', () => {
  const reference = () => `${world.scope.app}-api:1.0.0`;
  const sources = async (line: string): Promise<void> => {
    await mkdir(join(world.directory, 'api'), { recursive: true });
    await writeFile(join(world.directory, 'api', 'Dockerfile'), `FROM ${BUSYBOX}\n${line}\n`);
  };
  const step = (attempt: string) =>
    world.step({ services: { api: service({ build: { context: './api' } }) } }, '1.0.0', attempt);

  test('goes out again as it was, though its tag stands for another by now; the undo leaves both', async () => {
    await sources('ENV A=old');
    const first = await build(await step('a'));
    await sources('ENV A=new');
    const newer = await build(await step('b'));
    const again = await step('c');
    expect(await preflight(again, first.images)).toEqual({ note: `${reference()} is on the target` });
    expect(await build(again, first.images)).toEqual({ ...first, tags: [] });
    expect(await idOf(reference())).toBe(newer.images[0]!.digest);
    await undo(again);
    expect(await idOf(first.images[0]!.digest)).toBe(first.images[0]!.digest);
    expect(await idOf(reference())).toBe(newer.images[0]!.digest);
  });

  test('is refused with a way out where no engine has it any more, before anything changes', async () => {
    await sources('ENV A=old');
    const { images } = await build(await step('a'));
    await world.target.images.remove(reference(), io);
    const again = await step('b');
    const gone = expect.stringMatching(
      /^expected .*-api:1\.0\.0 with the digest sha256:\w+ on the target, seen none, and no registry has it: release/,
    );
    expect(await preflight(again, images)).toEqual({ problem: gone });
    await expect(build(again, images)).rejects.toMatchObject({ name: 'ImageFailure', message: gone });
  });

  test('must be there for each service', async () => {
    await sources('ENV A=old');
    const { images } = await build(await step('a'));
    const others = images.map((image) => ({ ...image, service: 'web' }));
    const missing = 'expected a pinned image for each service, seen none for api (pinned: web)';
    expect(await preflight(await step('b'), others)).toEqual({ problem: expect.stringContaining(missing) });
    await expect(build(await step('b'), others)).rejects.toThrow(missing);
  });
});

describe('an image that was pulled and pinned', () => {
  let registry: Registry;
  beforeAll(async () => void (registry = await startRegistry()));
  afterAll(() => registry.close());

  const repository = () => `${registry.address}/${world.scope.app}/api`;
  const step = (attempt: string) =>
    world.step({ services: { api: service({ image: `${repository()}:{version}` }) } }, '1.0.0', attempt);
  const pushed = async (): Promise<PinnedImage> => {
    const digest = await registry.push(BUSYBOX, `${world.scope.app}/api`, '1.0.0');
    return { service: 'api', reference: `${repository()}:1.0.0`, digest, size: 1, from: 'registry' };
  };

  /** The request of `pushed` says nonsense of it. */
  const actual = async (image: PinnedImage): Promise<PinnedImage> => {
    return { ...image, size: (await docker.getImage(BUSYBOX).inspect()).Size };
  };

  test('is judged by the size that it has, whatever was said of it', async () => {
    const small = { image: `${repository()}:{version}`, policy: { maxSize: '10KB' } };
    const limited = (attempt: string) => world.step({ services: { api: service(small) } }, '1.0.0', attempt);
    const image = await pushed();
    await expect(build(await limited('a'), [image])).rejects.toThrow('expected at most 10 KB');
    const found = (await preflight(await limited('a'), [image])) as { problem: string };
    expect(found.problem).toContain('expected at most 10 KB');
    await undo(await limited('a'));
  });

  test('is pulled by its digest and gets no tag; the undo removes it again', async () => {
    const image = await pushed();
    const name = `${repository()}@${image.digest}`;
    expect(await preflight(await step('a'), [image])).toEqual({ note: `${name} will be pulled` });
    expect(await idOf(name)).toBeUndefined();
    const report = await build(await step('a'), [image]);
    expect(report).toMatchObject({ images: [await actual(image)], tags: [{ reference: name, previous: null }] });
    expect(await tagsOf(name)).not.toContain(image.reference);
    // Another attempt after a crash must not take it for one that was there before.
    await build(await step('a'), [image]);
    await undo(await step('a'));
    expect(await idOf(name)).toBeUndefined();
  });

  test('that was on the target before stays there after the undo, under its tag', async () => {
    const { images } = await build(await step('a'), [await pushed()]);
    await docker.getImage(`${repository()}@${images[0]!.digest}`).tag({ repo: repository(), tag: '1.0.0' });
    await build(await step('b'), images);
    await undo(await step('b'));
    expect(await tagsOf(`${repository()}:1.0.0`)).toContain(images[0]!.reference);
    await world.target.images.remove(images[0]!.reference, io);
  });

  test('that an older version of Spillway pinned is looked for at the registry that its reference names', async () => {
    const older: PinnedImage = { ...(await pushed()), from: undefined };
    const { images } = await build(await step('a'), [older]);
    expect(images).toEqual([{ ...(await actual(older)), from: 'registry' }]);
    await undo(await step('a'));
  });

  test('is refused where the registry has its digest no more', async () => {
    const image = { ...(await pushed()), digest: `sha256:${'0'.repeat(64)}` };
    await expect(preflight(await step('a'), [image])).rejects.toMatchObject({ name: 'ImageFailure' });
    await expect(build(await step('a'), [image])).rejects.toMatchObject({ name: 'ImageFailure' });
    await undo(await step('a'));
  });
});
