import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { PreflightReport } from '../../activities/steps';
import { networkName } from '../../targets/docker/names';
import { docker } from '../targets/docker/fixture';
import { ActivityWorld } from '../support/activity-world';

const NEW = '20261121-110000-1.1.0-bbbb';
let world: ActivityWorld;
beforeEach(async () => {
  world = await ActivityWorld.open();
});
afterEach(() => world.close());

const checkOf = ({ checks }: PreflightReport, name: string) => checks.find((check) => check.name === name);

async function checked(name: string, settings: Record<string, unknown>) {
  world.change = (raw) => Object.assign(raw.services.web, settings);
  return checkOf(await world.preflight(world.step(NEW), { fence: false }), name);
}

test('a folder that the target does not have is asked for, and not made [proves folders]', async () => {
  const source = join(world.directory, 'uploads');
  const volumes = [{ source, target: '/uploads', shared: true }];
  expect(await checked('folders', { volumes })).toMatchObject({
    ok: false,
    detail: `services.web.volumes[0]: expected the folder or file ${source} on the target, seen none: make it there, owned by 10001:10001, the user of the image, or correct \`source\``,
  });
  await expect(mkdir(source)).resolves.toBeUndefined();
  expect(await checked('folders', { volumes })).toMatchObject({ ok: true, detail: `${source} on the target` });
});

test('a folder that two services need is asked for in both [proves folders]', async () => {
  const source = join(world.directory, 'both');
  const volumes = [
    { source, target: '/one', shared: true },
    { source, target: '/two', readOnly: true },
  ];
  const { ok, detail } = (await checked('folders', { volumes }))!;
  expect({ ok, lines: detail.split('\n').length }).toEqual({ ok: false, lines: 2 });
  await mkdir(source);
  expect(await checked('folders', { volumes })).toMatchObject({ ok: true, detail: `${source} on the target` });
});

test('a file is fine, and nobody needs to own what is only read [proves folders]', async () => {
  const source = join(world.directory, 'settings.json');
  const volumes = [{ source, target: '/settings.json', readOnly: true }];
  expect((await checked('folders', { volumes }))?.detail).toContain('make it there, or correct `source`');
  await writeFile(source, '{}');
  expect(await checked('folders', { volumes })).toMatchObject({ ok: true });
  expect(await checked('folders', { volumes: [] })).toBeUndefined();
});

test('networks that containers cannot join are told before anything changes [proves networks]', async () => {
  const name = `${world.scope.app}_default`;
  expect(await checked('networks', { networks: [name] })).toMatchObject({
    ok: false,
    detail: expect.stringMatching(
      new RegExp(
        `^services.web.networks: expected the Docker network ${name} on the target, seen .*bridge.*: start what`,
      ),
    ),
  });
  const network = await docker.createNetwork({ Name: name });
  try {
    expect(await checked('networks', { networks: [name] })).toMatchObject({
      ok: true,
      detail: `${name} can be joined`,
    });
    await world.deploy(world.step(NEW), 'blue');
    expect((await checked('networks', { networks: [networkName(world.scope)] }))?.detail).toContain(
      `expected another network than the environment's own, seen ${networkName(world.scope)}: leave it out`,
    );
    expect(await checked('networks', { networks: ['bridge'] })).toMatchObject({ ok: true, warning: true });
    await world.run('removeSlot', { ...world.step(NEW), slot: 'blue' });
  } finally {
    await network.remove();
  }
});
