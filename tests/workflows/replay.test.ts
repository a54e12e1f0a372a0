import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { WorkflowHandle } from '@temporalio/client';
import { temporal } from '@temporalio/proto';
import { DefaultLogger, Runtime, Worker } from '@temporalio/worker';
import { environmentWorkflowId, releaseWorkflowId } from '../../domain/names';
import { failing, judged, untilCancelled } from '../support/answers';
import { LIVE, requestWith } from '../support/release-request';
import { ReleaseWorld } from '../support/release-world';
import { startTemporalServer } from '../support/temporal';
import { workflowBundle } from '../support/workflow-bundle';

/*
 * Releases that run while a worker is replaced are replayed by the new code: histories that were recorded with the code
 * that is out there must still fit. `npm run histories` records them anew, after a change that is meant to break them.
 */

const folder = join(__dirname, '..', 'fixtures', 'histories');
const recording = process.env.SPILLWAY_RECORD === '1';

type Scenario = (world: ReleaseWorld) => Promise<WorkflowHandle>;

const approval = { approve: { required: true } };

const SCENARIOS: Record<string, Scenario> = {
  released: async (world) => world.begin(requestWith({ bake: { soak: '1s' } }), LIVE),
  'first-release': async (world) => world.begin(requestWith(), null),
  'rolled-back': async (world) => {
    world.reset({ soak: () => judged('fail', 'error rate 20 % > 5 %') });
    return world.begin(requestWith(), LIVE);
  },
  'paused-promoted-approved': async (world) => {
    world.reset({ soak: untilCancelled });
    const handle = await world.begin(requestWith(approval), LIVE);
    await world.until(handle, ({ share }) => share === 10);
    await world.tell(handle, 'pause');
    await world.tell(handle, 'resume');
    await world.tell(handle, 'promote');
    await world.until(handle, ({ share }) => share === 50);
    await world.tell(handle, 'promote');
    await world.until(handle, ({ phase }) => phase === 'approve');
    await world.tell(handle, 'approve');
    return handle;
  },
  'approval-watch-failed': async (world) => {
    const lost = failing('another release has the environment');
    world.reset({ soak: (input) => (input.name === 'approve' ? lost() : judged('pass', 'all is well')) });
    return world.begin(requestWith(approval), LIVE);
  },
  'manual-step': async (world) => {
    world.reset({ soak: (input) => (input.soak === null ? untilCancelled(input) : judged('pass', 'all is well')) });
    const steps = [{ weight: 10, soak: '1s', manual: true }];
    const handle = await world.begin(requestWith({ canary: { steps }, bake: { soak: '1s' } }), LIVE);
    await world.until(handle, ({ waitingFor }) => waitingFor?.includes('is manual') ?? false);
    await world.tell(handle, 'promote');
    return handle;
  },
  'fresh-baseline': async (world) => {
    const steps = [{ weight: 10, soak: '1s' }];
    return world.begin(requestWith({ canary: { steps, baseline: 'fresh' }, bake: { soak: '1s' } }), LIVE);
  },
  refused: async (world) => {
    world.reset({ preflight: failing('no engine') });
    return world.begin(requestWith(), LIVE);
  },
  'aborted-needs-a-hand': async (world) => {
    let broken = true;
    world.reset({ soak: untilCancelled, removeSlot: () => (broken ? failing('cannot remove')() : undefined) });
    const handle = await world.begin(requestWith(), LIVE);
    await world.until(handle, ({ share }) => share === 10);
    await world.tell(handle, 'abort');
    await world.until(handle, ({ state }) => state === 'needs a hand');
    broken = false;
    await world.tell(handle, 'retry');
    return handle;
  },
  environment: async (world) => {
    const request = requestWith();
    await world.ask(request);
    await world.client.workflow.getHandle(releaseWorkflowId(request)).result();
    await world.settled(request, ({ current }) => current === null);
    return world.client.workflow.getHandle(environmentWorkflowId(request));
  },
};

const ENDLESS = ['environment'];

const { History } = temporal.api.history.v1;
const fileOf = (name: string): string => join(folder, `${name}.binpb`);

async function record(): Promise<void> {
  mkdirSync(folder, { recursive: true });
  const server = await startTemporalServer();
  const world = await ReleaseWorld.start(server.address);
  try {
    for (const [name, scenario] of Object.entries(SCENARIOS)) {
      world.reset();
      const handle = await scenario(world);
      if (!ENDLESS.includes(name)) await handle.result();
      writeFileSync(fileOf(name), History.encode(await handle.fetchHistory()).finish());
    }
  } finally {
    await world.stop();
    await server.stop();
  }
}

if (recording) {
  it('records a history of every scenario', record, 120_000);
} else {
  beforeAll(() => void Runtime.install({ logger: new DefaultLogger('ERROR') }));

  it('has a history of every scenario', () => {
    expect(readdirSync(folder).sort()).toEqual(
      Object.keys(SCENARIOS)
        .map((name) => `${name}.binpb`)
        .sort(),
    );
  });

  it.each(Object.keys(SCENARIOS))('replays a recorded %s release without a difference', async (name) => {
    const history = History.decode(readFileSync(fileOf(name)));
    await Worker.runReplayHistory({ workflowBundle: await workflowBundle() }, history);
  });
}
