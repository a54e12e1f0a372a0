import { mkdir, readFile, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { LedgerEntry } from '../../domain/release';
import { ActivityWorld } from '../support/activity-world';

let world: ActivityWorld;
beforeEach(async () => {
  world = await ActivityWorld.open();
});
afterEach(() => world.close());

function entry(id: string, outcome: LedgerEntry['outcome'] = 'released'): LedgerEntry {
  const { scope } = world;
  return {
    release: { ...scope, id, version: '1.0.0' },
    outcome,
    who: 'alice',
    note: '',
    startedAt: 1,
    endedAt: 2,
    phases: [],
    images: [],
    messages: [],
    leftovers: [],
    live: { slot: 'blue', version: '1.0.0', releaseId: id, images: [], identity: 'i' },
  };
}

async function record(id: string, fence: string | null = id): Promise<void> {
  await mkdir(world.state, { recursive: true });
  if (fence) await writeFile(join(world.state, 'fence'), `${fence}\n`);
  await world.run('recordEntry', { ...world.step(id), entry: entry(id) });
}

const live = async (): Promise<{ release: string }> =>
  JSON.parse(await readFile(join(world.state, 'live.json'), 'utf8')) as { release: string };

describe('the durable ledger', () => {
  it('keeps one entry a release, however often it is written', async () => {
    await record('20261121-100000-1.0.0-aaaa');
    await record('20261121-100000-1.0.0-aaaa');
    expect(await readdir(join(world.state, 'ledger'))).toEqual(['20261121-100000-1.0.0-aaaa.json']);
    expect(await live()).toMatchObject({ release: '20261121-100000-1.0.0-aaaa' });
    const { config } = world.step('any');
    expect(await world.run('readLedger', { scope: world.scope, config, limit: 5 })).toEqual([
      entry('20261121-100000-1.0.0-aaaa'),
    ]);
  });

  it('does not say what is live when a late or refused release writes its entry', async () => {
    await record('20261121-100000-1.0.0-a');
    await record('20261121-090000-0.9.0-z', '20261121-100000-1.0.0-a');
    expect(await live()).toMatchObject({ release: '20261121-100000-1.0.0-a' });
    expect(await readdir(join(world.state, 'ledger'))).toHaveLength(2);
  });

  it('says what is live for a release after which the environment was reconciled', async () => {
    await record('20261121-100000-1.0.0-a', 'reconcile-20261121-100000-1.0.0-a');
    expect(await live()).toMatchObject({ release: '20261121-100000-1.0.0-a' });
  });
});
