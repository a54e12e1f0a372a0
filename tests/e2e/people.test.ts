import { snapshot, violations } from '../support/invariants';
import { migration } from '../support/tiny';
import { World } from '../support/world';
import type { Releasing } from '../support/asking';
import type { Asked } from '../support/world';

jest.setTimeout(300_000);

/** Soaks until somebody says something. */
const longCanary: Asked = { config: (raw) => void (raw.canary.steps = [{ weight: 50, soak: '10m' }]) };
const inCanary = ({ phase, share }: { phase: string; share: number }) => phase === 'canary' && share === 50;

describe('people and a release', () => {
  let world: World;
  let before: Awaited<ReturnType<typeof snapshot>>;

  beforeAll(async () => {
    world = await World.open({ database: true });
    await world.released('1.0.0');
    await world.load();
  });
  afterAll(() => world?.close());
  beforeEach(async () => {
    before = await snapshot(world);
  });

  async function expectEnd(releasing: Releasing, outcome: string): Promise<string> {
    const result = await releasing.result();
    expect({ outcome: result.status.outcome, why: result.status.why }).toMatchObject({ outcome });
    expect(await violations(world, before, result)).toEqual([]);
    return result.status.why ?? '';
  }

  test('a second release is refused with who is releasing what', async () => {
    const first = await world.release('1.1.0', { ...longCanary, who: 'alice' });
    await first.until(inCanary);
    const answer = await world.ask(await world.request('1.2.0', { who: 'bob' }));
    expect(answer).toMatchObject({ accepted: false, reason: expect.stringMatching(/alice.*1\.1\.0/) });
    await first.tell('abort', 'alice');
    await expectEnd(first, 'rolled back');
  });

  test('an abort in the canary gives all traffic back and leaves nothing', async () => {
    const releasing = await world.release('1.1.1', { ...longCanary, files: migration('001') });
    await releasing.until(inCanary);
    await releasing.tell('abort', 'alice', 'wrong day');
    expect(await expectEnd(releasing, 'rolled back')).toContain('wrong day');
    for (const file of Object.keys(migration('001'))) await world.forget(file);
  });

  test('a pause holds the release, a resume lets it go on, a promote ends the soak [proves D3]', async () => {
    const releasing = await world.release('1.1.2', longCanary);
    await releasing.until(inCanary);
    await releasing.tell('pause');
    await releasing.until(({ state }) => state === 'paused');
    await expect(releasing.tell('pause')).rejects.toThrow();
    await releasing.tell('resume');
    await releasing.until(({ state }) => state === 'running');
    await releasing.tell('promote', 'alice', 'good enough');
    await expectEnd(releasing, 'released');
  });

  test('only those who may can approve, and without them nothing is switched [proves G7]', async () => {
    const releasing = await world.release('1.1.3', {
      config: (raw) => void (raw.approve = { required: true, by: ['alice'] }),
    });
    await releasing.until(({ waitingFor }) => waitingFor?.includes('alice') === true);
    await expect(releasing.tell('approve', 'mallory')).rejects.toThrow();
    expect((await releasing.status()).phase).toBe('approve');
    await releasing.tell('approve', 'alice', 'looks well');
    await expectEnd(releasing, 'released');
  });

  test('a rollback while the new version bakes moves all traffic back', async () => {
    const releasing = await world.release('1.1.4', { config: (raw) => void (raw.bake = { soak: '10m' }) });
    await releasing.until(({ phase, share }) => phase === 'bake' && share === 100);
    expect(await versionServed()).toBe('1.1.4');
    await releasing.tell('rollback', 'alice', 'a customer called');
    await expectEnd(releasing, 'rolled back');
    expect(await versionServed()).toBe('1.1.3');
  });

  test('where it is configured so, going back restores the database as it was [proves R4]', async () => {
    const releasing = await world.release('1.1.5', {
      files: migration('002'),
      config: (raw) => {
        raw.database.onRollback = 'restore';
        raw.canary.steps = [{ weight: 50, soak: '10m' }];
      },
    });
    await releasing.until(inCanary);
    await releasing.tell('abort');
    await expectEnd(releasing, 'rolled back');
    for (const file of Object.keys(migration('002'))) await world.forget(file);
  });

  test('with --no-rollback the failed slot stays for inspection without traffic, and the next release clears it [proves R6]', async () => {
    const served = await versionServed();
    const failed = await world.released('1.1.6', { behaviour: { failAfter: 2 }, options: { noRollback: true } });
    expect(failed.status.outcome).toBe('rolled back');
    const kept = await snapshot(world);
    expect(kept.containers.filter((line) => line.includes(failed.status.release.id))).not.toEqual([]);
    expect(await versionServed()).toBe(served);
    await expectEnd(await world.release('1.1.7'), 'released');
  });

  async function versionServed(): Promise<string> {
    return (
      (await (await fetch(`${world.url}/status`, { headers: { connection: 'close' } })).json()) as { version: string }
    ).version;
  }
});
