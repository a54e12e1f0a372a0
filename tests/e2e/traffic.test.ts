import { until } from '../support/until';
import { World } from '../support/world';
import { engine } from '../support/engine';
import { LABELS } from '../../domain/names';

jest.setTimeout(300_000);

describe('traffic that moves', () => {
  let world: World;

  beforeAll(async () => {
    world = await World.open({ config: (raw) => void (raw.canary.steps = []) });
    await world.released('1.0.0');
  });
  afterAll(() => world?.close());

  const jobs = async () => {
    const filters = { label: [`${LABELS.app}=${world.scope.app}`, `${LABELS.service}=job`] };
    const found = await engine().listContainers({ all: true, filters });
    return found.map(({ Labels, State }) => `${Labels[LABELS.version]} ${State}`).sort();
  };

  test('a service that may run only once runs in the live slot only, and starts when the old one has stopped', async () => {
    expect(await jobs()).toEqual(['1.0.0 running']);
    const releasing = await world.release('1.0.1', {
      config: (raw) => void (raw.approve = { required: true }),
    });
    await world.load();
    await releasing.until(({ phase, waitingFor }) => phase === 'approve' && waitingFor !== undefined);
    expect(await jobs()).toEqual(['1.0.0 running', '1.0.1 created']);
    await releasing.tell('approve');
    expect((await releasing.result()).status.outcome).toBe('released');
    expect(await jobs()).toEqual(['1.0.1 running']);
  });

  test('what is in flight on the old version ends there, and its WebSockets live until the drain is over [proves D9]', async () => {
    const load = await world.load({ sockets: 3, paths: ['/slow', '/'], pauseMs: 100 });
    await until(async () => (await load.report()).sockets.opened === 3, { what: 'the WebSockets to be open' });
    const releasing = await world.release('1.1.0', { config: (raw) => void (raw.drain.cap = '10s') });
    const drained = await releasing.until(({ phase }) => phase === 'drain');
    expect(drained.share).toBe(100);
    // Those that were opened before the switch are on the old version still.
    expect((await load.report()).sockets.closed).toBe(0);
    const { status } = await releasing.result();
    expect(status.outcome).toBe('released');
    const { lost, losses } = await load.stop();
    expect({ lost, losses }).toEqual({ lost: 0, losses: [] });
  });

  test('it is watched for a while, and so many failures in a row undo it [proves D7]', async () => {
    const { status } = await world.released('1.2.0', {
      behaviour: { failAfter: 4 },
      config: (raw) =>
        void (raw.smoke = { checks: [{ service: 'web', path: '/' }], watch: '20s', failures: 3, interval: '100ms' }),
    });
    expect(status.outcome).toBe('rolled back');
    expect(status.phases.find(({ state }) => state === 'failed')?.phase).toBe('smoke');
  });

  test('after the switch it is checked again through the router, and one that is too slow goes back [proves D10]', async () => {
    const { status } = await world.released('1.3.0', {
      behaviour: { delayMs: 300 },
      config: (raw) => {
        raw.canary.steps = [];
        raw.verify = { wait: '300ms', maxLatency: '100ms' };
      },
    });
    expect(status.outcome).toBe('rolled back');
    expect(status.phases.find(({ state }) => state === 'failed')?.phase).toBe('verify');
    const memory = await world.released('1.3.1', { config: (raw) => void (raw.verify = { maxMemory: '1MB' }) });
    expect(memory.status.outcome).toBe('rolled back');
    expect(memory.status.why).toMatch(/memory/i);
  });

  test('all replicas of a version get traffic', async () => {
    const { status } = await world.released('1.4.0', { config: (raw) => void (raw.services.web.replicas = 3) });
    expect(status.outcome).toBe('released');
    const filters = { label: [`${LABELS.app}=${world.scope.app}`, `${LABELS.service}=web`] };
    expect(await engine().listContainers({ filters })).toHaveLength(3);
  });
});
