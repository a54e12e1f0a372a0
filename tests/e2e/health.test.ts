import { World } from '../support/world';
import type { Raw } from '../support/tiny';

jest.setTimeout(300_000);

describe('health', () => {
  let world: World;
  const endpoints = (list: Raw[], attempts = 1_200) => ({
    config: (raw: Raw) => void Object.assign(raw.services.web.health, { endpoints: list, attempts }),
  });

  beforeAll(async () => {
    world = await World.open({ config: (raw) => void (raw.canary.steps = []) });
  });
  afterAll(() => world?.close());

  test('a fallback endpoint is asked when the primary one does not pass [proves D6]', async () => {
    const primary = { path: '/health/primary', fallback: '/health' };
    const { status } = await world.released('1.0.0', endpoints([primary]));
    expect(status.outcome).toBe('released');
  });

  test('it is tried as often as configured before the switch, at several endpoints, then given up [proves D4]', async () => {
    const all = [{ path: '/health' }, { path: '/health/ready' }, { path: '/health/deep' }];
    const { status } = await world.released('1.1.0', { behaviour: { unhealthy: true }, ...endpoints(all, 50) });
    expect(status.outcome).toBe('rolled back');
    expect(status.phases.find(({ phase }) => phase === 'deploy')?.state).toBe('failed');
    expect(status.why).toContain('/health');
    expect((await world.released('1.1.1', endpoints(all))).status.outcome).toBe('released');
  });

  test('a JSON body that says that the database is not healthy is not healthy [proves D5]', async () => {
    const deep = [{ path: '/health/deep', json: { 'database.status': 'healthy' } }];
    const { status } = await world.released('1.2.0', { behaviour: { degraded: true }, ...endpoints(deep, 50) });
    expect(status.outcome).toBe('rolled back');
    expect(status.why).toContain('database.status');
    expect((await world.released('1.2.1', endpoints(deep))).status.outcome).toBe('released');
  });
});
