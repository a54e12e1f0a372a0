import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { buildActivities } from '../../activities/build';
import { BUSYBOX, builtFrom, docker, quietIo } from '../targets/docker/fixture';
import { SlotWorld, run } from './slot-world';

let world: SlotWorld;
const io = quietIo();

beforeEach(async () => {
  world = await SlotWorld.open();
});
afterEach(() => world.close());

async function builds(lines: string[], policy: object = {}) {
  await mkdir(join(world.directory, 'web'), { recursive: true });
  await writeFile(join(world.directory, 'web', 'Dockerfile'), lines.join('\n'));
  const services = { web: { build: { context: './web' }, port: 8080, routes: [{ port: 80 }], policy } };
  const step = await world.step({ services });
  return run(buildActivities(world.parts).buildImages, { ...step, skipBuild: false, configurationIdentity: 'c1' });
}

const base = (name = BUSYBOX) => [`FROM ${name}`, 'USER root'];
const TOOR = 'RUN echo "toor:x:0:0::/:/bin/sh" >> /etc/passwd';
const lookers = async () =>
  docker.listContainers({
    all: true,
    filters: { name: ['^/spillway.look.'], label: [`spillway.app=${world.scope.app}`] },
  });

test('a second user with the id 0 does not pass for another than root [proves toor]', async () => {
  await expect(builds([...base(), TOOR, 'USER toor'])).rejects.toMatchObject({
    name: 'ImageFailure',
    message: expect.stringContaining('seen USER toor, which its /etc/passwd makes root'),
  });
  await expect(builds([...base(), TOOR, 'USER toor'], { nonRoot: false })).resolves.toBeDefined();
  expect(await lookers()).toEqual([]);
});

test('the file of users is found behind links, and its user with another id passes [proves toor]', async () => {
  const moved = ['RUN mkdir -p /store && mv /etc/passwd /store/passwd && ln -s ../store/passwd /etc/passwd'];
  await expect(
    builds([...base(), 'RUN echo "app:x:10001:0::/:/bin/sh" >> /etc/passwd', ...moved, 'USER app']),
  ).resolves.toBeDefined();
  await expect(builds([...base(), TOOR, ...moved, 'USER toor'])).rejects.toThrow('makes root');
});

test('an image FROM scratch has no names, and is judged by its number [proves toor]', async () => {
  const scratch = ['FROM scratch', `COPY --from=${BUSYBOX} /bin /bin`];
  await expect(builds([...scratch, 'USER 65532:65532'])).resolves.toBeDefined();
  await expect(builds([...scratch, 'USER app'])).rejects.toThrow('expected the user app in its /etc/passwd');
});

test('many workers look into an image at once, also when one was killed while it did', async () => {
  const image = await builtFrom({ ...world, io }, [...base(), 'RUN touch /tmp/file', 'VOLUME /tmp/kept']);
  const name = `spillway.look.${image.digest.replace('sha256:', '').slice(0, 24)}`;
  await docker.createContainer({ name, Image: image.reference, Cmd: ['true'] });
  const others = await Promise.all(Array.from({ length: 4 }, () => SlotWorld.open()));
  const looks = await Promise.all([world, ...others].map(({ target }) => target.images.look(image, io)));
  expect(looks.map(({ hasScratch }) => hasScratch)).toEqual([true, true, true, true, true]);
  expect(await lookers()).toEqual([]);
  for (const other of others) await other.close();
});

test('folders in which volumes are mounted are no files in /tmp', async () => {
  const image = await builtFrom({ ...world, io }, [...base(), 'VOLUME /tmp/a/b /tmp/c']);
  expect(await world.target.images.look(image, io)).toMatchObject({ hasScratch: false });
});
