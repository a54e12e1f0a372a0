import { snapshot, violations } from '../support/invariants';
import type { Load } from '../support/load';
import { migration } from '../support/tiny';
import { World } from '../support/world';
import type { Asked } from '../support/world';

jest.setTimeout(300_000);

describe('an app that is deployed, broken and deployed again, under load', () => {
  let world: World;
  let load: Load;

  beforeAll(async () => {
    world = await World.open({ database: true });
  });
  afterAll(() => world?.close());

  /** Releases, checks every invariant, and expects this outcome. */
  async function expectOutcome(outcome: string, version: string, asked: Asked) {
    const before = await snapshot(world);
    const result = await world.released(version, asked);
    expect({ outcome: result.status.outcome, why: result.status.why }).toMatchObject({ outcome });
    expect(await violations(world, before, result, load && (await load.report()))).toEqual([]);
    return result;
  }
  const serving = async () =>
    (await (await fetch(`${world.url}/status`, { headers: { connection: 'close' } })).json()) as {
      version: string;
      slot: string;
    };

  test('the first release serves from blue [proves D1, R1]', async () => {
    await expectOutcome('released', '1.0.0', { files: migration('001') });
    expect(await serving()).toMatchObject({ version: '1.0.0', slot: 'blue' });
    load = await world.load();
  });

  test('the next one goes to the other slot, and all traffic moves to it [proves D1, R1]', async () => {
    const { status } = await expectOutcome('released', '1.1.0', { files: migration('002') });
    expect(status.phases.map(({ phase, state }) => `${phase} ${state}`)).toContain('canary done');
    expect(await serving()).toMatchObject({ version: '1.1.0', slot: 'green' });
  });

  test('one that never gets healthy is removed, with its last words in the reason, and no secret in them [proves R1]', async () => {
    const { status } = await expectOutcome('rolled back', '1.2.0', {
      behaviour: { unhealthy: true },
      config: (raw) => void (raw.services.web.health.attempts = 50),
      files: migration('003'),
    });
    expect(status.why).toContain('not healthy');
    expect(JSON.stringify(status)).not.toContain('tiny-s3cret-value');
    expect(await serving()).toMatchObject({ version: '1.1.0' });
  });

  test('one that fails its smoke check is removed and its migration reverted [proves R1]', async () => {
    await expectOutcome('rolled back', '1.2.1', { behaviour: { broken: true } });
    expect(await serving()).toMatchObject({ version: '1.1.0' });
  });

  test('one whose canary answers errors gives its share back [proves R1]', async () => {
    const { status } = await expectOutcome('rolled back', '1.2.2', { behaviour: { failAfter: 3 } });
    expect(status.why).toMatch(/error/i);
    expect(await serving()).toMatchObject({ version: '1.1.0' });
  });

  test('one that takes longer than its deadline is rolled back [proves R1]', async () => {
    const { status } = await expectOutcome('rolled back', '1.2.3', {
      config: (raw) => {
        raw.deadline = '6s';
        raw.canary.steps = [{ weight: 50, soak: '10m' }];
      },
    });
    expect(status.why).toContain('deadline');
  });

  test('a good one is released again, by the slot that was left clean', async () => {
    await expectOutcome('released', '1.3.0', {});
    expect(await serving()).toMatchObject({ version: '1.3.0', slot: 'blue' });
    const { lost, sent } = await load.report();
    expect({ lost, some: sent > 100 }).toEqual({ lost: 0, some: true });
  });

  test('the ledger tells all of it', async () => {
    const { ledger, live } = await world.environment();
    expect(live?.version).toBe('1.3.0');
    const told = ledger.map(({ release: { version }, outcome }) => `${version} ${outcome}`);
    const bad = ['1.2.3', '1.2.2', '1.2.1', '1.2.0'].map((version) => `${version} rolled back`);
    expect(told).toEqual(['1.3.0 released', ...bad, '1.1.0 released', '1.0.0 released']);
  });
});
