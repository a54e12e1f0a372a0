import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ActivityWorld } from '../support/activity-world';

const OLD = '20261121-100000-1.0.0-aaaa';
const NEW = '20261121-110000-1.1.0-bbbb';

let world: ActivityWorld;
beforeEach(async () => {
  world = await ActivityWorld.open();
  await world.release(OLD, '1.0.0', 'blue');
  await world.deploy(world.step(NEW, '1.1.0'), 'green');
  await mkdir(join(world.state, 'backups'), { recursive: true });
}, 300_000);
afterEach(() => world.close());

const retire = () => world.run('retire', { ...world.step(NEW, '1.1.0'), slot: 'blue' });

async function switchOver(): Promise<void> {
  const step = world.step(NEW, '1.1.0');
  await world.run('setTraffic', { ...step, slot: 'green', share: 100 });
  await world.run('moveLiveOnly', { ...step, to: 'green' });
}

describe('retire', () => {
  it('removes the old version and the oldest backups, and can be run again [proves B2]', async () => {
    await switchOver();
    for (let day = 1; day <= 7; day++)
      await writeFile(join(world.state, `backups/backup_2026110${day}_000000.tar.gz`), '');
    expect(await retire()).toEqual({ leftovers: [] });
    expect(await retire()).toEqual({ leftovers: [] });
    expect(await world.slot('blue')).toEqual([]);
    expect(await world.ask()).toBe('1.1.0');
    const kept = await readdir(join(world.state, 'backups'));
    expect(kept.sort()).toEqual([3, 4, 5, 6, 7].map((day) => `backup_2026110${day}_000000.tar.gz`));
  }, 300_000);

  it('keeps a version that still has traffic, says so, and tidies up the rest all the same', async () => {
    await world.run('setTraffic', { ...world.step(NEW, '1.1.0'), slot: 'green', share: 90 });
    await writeFile(join(world.state, 'backups/backup_20261101_000000.partial.1'), '');
    const { leftovers } = await retire();
    expect(leftovers).toEqual([
      'blue could not be removed: expected blue to have no traffic before it is removed, read back 90 % for green: give all traffic to green first; nothing was changed',
    ]);
    expect(await world.slot('blue')).toHaveLength(2);
    expect(await readdir(join(world.state, 'backups'))).toEqual([]);
  }, 300_000);

  it('keeps the pictures of the newest 20 releases', async () => {
    await switchOver();
    const ids = Array.from(
      { length: 23 },
      (_, index) => `202611${String(index + 1).padStart(2, '0')}-100000-1.0.0-aaaa`,
    );
    for (const id of ids) {
      await mkdir(join(world.state, 'reports', id), { recursive: true });
      await writeFile(join(world.state, 'reports', id, 'bake.svg'), '');
    }
    expect(await retire()).toEqual({ leftovers: [] });
    expect((await readdir(join(world.state, 'reports'))).sort()).toEqual(ids.slice(3));
  }, 300_000);
});
