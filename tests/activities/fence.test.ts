import { writeFile, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { ActivityWorld } from '../support/activity-world';

const OLD = '20261121-100000-1.0.0-aaaa';
const NEW = '20261121-110000-1.1.0-bbbb';

let world: ActivityWorld;
beforeEach(async () => {
  world = await ActivityWorld.open();
});
afterEach(() => world.close());

const read = (): Promise<number> =>
  world.run('readGeneration', { scope: world.scope, config: world.step('any').config });

describe('a release that takes its environment', () => {
  it('does nothing when it is late: neither its preflight nor its steps take the environment back', async () => {
    const frozen = { ...world.step(OLD), generation: 1 };
    const later = { ...world.step(NEW, '1.1.0'), generation: 2 };
    await world.preflight(frozen);
    await world.preflight(later);
    await expect(world.preflight(frozen)).rejects.toMatchObject({ name: 'OutdatedFailure' });
    await expect(world.run('takeFence', frozen)).rejects.toThrow(`names ${NEW} (generation 2)`);
    await expect(world.run('removeSlot', { ...frozen, slot: 'green' })).rejects.toThrow('this step is late');
    await world.run('removeSlot', { ...later, slot: 'green' });
    expect(await read()).toBe(2);
  }, 300_000);

  it('follows one of an earlier version, whose fence has no generation', async () => {
    expect(await read()).toBe(0);
    await mkdir(world.state, { recursive: true });
    await writeFile(join(world.state, 'fence'), `${OLD}\n`);
    expect(await read()).toBe(0);
    await world.run('removeSlot', { ...world.step(OLD), slot: 'green' });
    await world.run('takeFence', { ...world.step(NEW), generation: 1 });
    await expect(world.run('takeFence', world.step(OLD))).rejects.toMatchObject({ name: 'OutdatedFailure' });
  }, 300_000);

  it('gives way to an adopting Temporal, and does not take its place again', async () => {
    const here = { ...world.step(OLD), generation: 1 };
    await world.run('takeFence', here);
    Object.assign(world.parts, { owner: 'there:1/test' });
    const adopting = { ...here, release: { ...here.release, id: 'adopt-1' }, generation: (await read()) + 1 };
    await world.run('adoptEnvironment', { ...adopting, force: true });
    Object.assign(world.parts, { owner: 'here:1/test' });
    // Frozen after it had looked whose the environment is.
    const { fence } = await world.parts.state(here.config, world.scope);
    const io = { signal: new AbortController().signal, onProgress: () => undefined };
    await expect(fence.take({ ...here.release, generation: 1 }, io)).rejects.toMatchObject({ name: 'OutdatedFailure' });
    expect(await fence.holder(io)).toEqual({ id: 'adopt-1', generation: 2 });
  }, 300_000);
});
