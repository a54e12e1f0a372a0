import type { Trouble } from '../../domain/guard';
import { releaseWorkflowId } from '../../domain/names';
import type { ReleaseResult } from '../../domain/release';
import type { ReleaseRequest } from '../../domain/request';
import type { EnvironmentState } from '../../workflows/messages';
import { Door, failing, untilCancelled } from '../support/answers';
import { LIVE, requestWith } from '../support/release-request';
import { ReleaseWorld } from '../support/release-world';
import { sharedTemporal } from '../support/shared-temporal';
import type { UsedTemporal } from '../support/shared-temporal';

let world: ReleaseWorld;
beforeEach(() => world.reset());

const TROUBLE: Trouble = { why: 'no worker gets on with it (try 3): TypeError: x' };
const SPARED: Trouble = { ...TROUBLE, spared: 'the new version has all the traffic already' };
/** Lasts for half a day, as it may, and has nothing done meanwhile: no time is skipped while a worker does something. */
const waiting = (settings: object = {}) => requestWith({ canary: { steps: [] }, verify: { wait: '12h' }, ...settings });
const handleOf = (request: ReleaseRequest) => world.client.workflow.getHandle(releaseWorkflowId(request));
const resultOf = async (request: ReleaseRequest) => (await handleOf(request).result()) as ReleaseResult;

describe('the guard of an environment, while time skips', () => {
  beforeAll(async () => {
    world = await ReleaseWorld.start();
  }, 300_000);
  afterAll(async () => world.stop());

  it('ends a release that cannot go on when its guard time is over, and says why', async () => {
    world.reset({ watchRelease: () => TROUBLE });
    const request = waiting();
    await world.ask(request);
    await resultOf(request);
    const [first, second] = world.asked('watchRelease');
    expect(first).toMatchObject({ workflowId: releaseWorkflowId(request), until: 'trouble' });
    expect(second).toMatchObject({ runId: first?.runId, until: 'well', atMost: 600_000 });
    const why = 'its environment ended it after 10 min, without undo: no worker gets on with it (try 3): TypeError: x';
    expect(world.asked('terminateRelease')).toEqual([{ ...first, until: undefined, handOver: undefined, why }]);
  });

  it('lets one go on that a corrected worker took up in time, and goes on watching it', async () => {
    let looks = 0;
    world.reset({ watchRelease: ({ until }) => (until === 'trouble' && ++looks < 3 ? TROUBLE : null) });
    const request = waiting();
    await world.ask(request);
    expect((await resultOf(request)).status.outcome).toBe('released');
    expect(world.asked('watchRelease').map(({ until }) => until)).toEqual([
      ...['trouble', 'well', 'trouble', 'well', 'trouble'],
    ]);
    expect(world.asked('terminateRelease')).toEqual([]);
  });

  it('beats more rarely once it has watched a release for long [proves beats]', async () => {
    world.reset({ watchRelease: ({ handOver }) => (handOver === undefined ? null : 'goes on') });
    const request = waiting();
    await world.ask(request);
    expect((await resultOf(request)).status.outcome).toBe('released');
    const watches = world.asked('watchRelease').map(({ until, handOver }) => [until, handOver]);
    expect(watches).toEqual([
      ['trouble', 600_000],
      ['trouble', undefined],
    ]);
  });

  it('does not look at a release that is over before', async () => {
    const request = requestWith({ canary: { steps: [] } });
    await world.ask(request);
    await resultOf(request);
    await world.settled(request, idle);
    expect(world.asked('watchRelease')).toEqual([]);
  });
});

describe('the guard of an environment', () => {
  let server: UsedTemporal;
  beforeAll(async () => {
    server = await sharedTemporal();
    world = await ReleaseWorld.start(server.address);
  }, 300_000);
  afterAll(async () => {
    await world.stop();
    await server.stop();
  });
  const guarded = () => waiting({ guard: '1s' });

  it('tells what is wrong and until when, then puts the target right, and the ledger says why', async () => {
    const door = new Door();
    world.reset({
      watchRelease: ({ until }) => (until === 'trouble' ? TROUBLE : door.wait().then(() => TROUBLE)),
      terminateRelease: async ({ workflowId, runId, why }) => {
        await world.client.workflow.getHandle(workflowId, runId).terminate(why);
        return { ended: true };
      },
      reconcile: () => ({ did: ['moved all traffic to blue (1.0.0)'] }),
    });
    const request = guarded();
    await world.ask(request);
    const { current } = await world.settled(request, (state) => state.current?.trouble !== undefined);
    expect(current?.trouble).toMatch(/TypeError: x\. Unless a corrected worker takes it up by 20.*Z it is ended/);
    door.unlock();
    const { ledger } = await world.settled(request, idle);
    expect(ledger[0]).toMatchObject({
      outcome: 'terminated',
      why: `its environment ended it after 1 s, without undo: ${TROUBLE.why}`,
      leftovers: ['reconciled: moved all traffic to blue (1.0.0)'],
    });
    expect(world.asked('recordEntry').at(-1)?.entry).toEqual(ledger[0]);
  });

  it('leaves one alone that has all the traffic already, and says so', async () => {
    world.reset({
      watchRelease: ({ until }) => (until === 'trouble' ? SPARED : untilCancelled({} as never)) as never,
    });
    const request = guarded();
    await world.ask(request);
    const { current } = await world.settled(request, (state) => state.current?.trouble !== undefined);
    expect(current?.trouble).toMatch(/It is left as it is, as the new version has all the traffic/);
    expect(world.asked('watchRelease')[1]).toMatchObject({ until: 'well', atMost: null });
    await world.tell(handleOf(request), 'abort');
    await resultOf(request);
    await world.settled(request, idle);
  });

  it('can see from outside that a release needs a hand', async () => {
    let broken = true;
    world.reset({ soak: untilCancelled, removeSlot: () => (broken ? failing('cannot remove')() : undefined) });
    const handle = await world.begin(requestWith(), LIVE);
    await world.until(handle, ({ share }) => share === 10);
    await world.tell(handle, 'abort');
    await world.until(handle, ({ state }) => state === 'needs a hand');
    const outcome = async () => (await handle.describe()).searchAttributes.SpillwayOutcome;
    expect(await outcome()).toEqual(['needs a hand']);
    broken = false;
    await world.tell(handle, 'retry');
    await handle.result();
    expect(await outcome()).toEqual(['rolled back']);
  });
});

const idle = ({ current, ledger }: EnvironmentState): boolean => current === null && ledger.length > 0;
