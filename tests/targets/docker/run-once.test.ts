import { io, RouterWorld } from '../../support/router-world';

const image = 'spillway/nginx:local';

test('a container that a killed worker created and never started goes when the next one is run', async () => {
  const world = await RouterWorld.open('run-once');
  const label = ['--label', 'spillway.helper=check'];
  const left = await world.docker('create', ...label, image, 'true');
  const isThere = async () => (await world.docker('ps', '-aq', '--no-trunc')).split('\n').includes(left);
  const run = () => world.target.host.runImage({ image, command: ['echo', 'seen'], binds: [] }, io);
  const clock = jest.spyOn(Date, 'now');
  try {
    expect(await run()).toMatchObject({ exitCode: 0, stdout: 'seen\n' });
    expect(await isThere()).toBe(true);
    const later = Date.now() + 3_600_000;
    clock.mockReturnValue(later);
    expect(await run()).toMatchObject({ exitCode: 0 });
    expect(await isThere()).toBe(false);
  } finally {
    clock.mockRestore();
    await world.docker('rm', '-f', left);
    await world.close();
  }
});
