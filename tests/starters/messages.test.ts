import type { WorkflowHandle } from '@temporalio/client';
import type { ReleaseStatus } from '../../domain/release';
import type { ReleaseRequest } from '../../domain/request';
import { releaseWorkflowId } from '../../domain/names';
import { registerAll } from '../../starters/spillway';
import { command } from '../support/in-process';
import { untilCancelled } from '../support/answers';
import { LIVE, requestWith } from '../support/release-request';
import { ReleaseWorld } from '../support/release-world';
import { sharedTemporal } from '../support/shared-temporal';
import type { UsedTemporal } from '../support/shared-temporal';

let temporal: UsedTemporal;
let world: ReleaseWorld;
const before = process.env.TEMPORAL_ADDRESS;

beforeAll(async () => {
  temporal = await sharedTemporal();
  world = await ReleaseWorld.start(temporal.address);
  process.env.TEMPORAL_ADDRESS = temporal.address;
}, 300_000);
afterAll(async () => {
  if (before === undefined) delete process.env.TEMPORAL_ADDRESS;
  else process.env.TEMPORAL_ADDRESS = before;
  await world?.stop();
  await temporal?.stop();
});
beforeEach(() => world.reset());

const tell = (name: string, { app }: Pick<ReleaseRequest, 'app'>, ...more: string[]) =>
  command(registerAll, name, '--app', app, '-e', 'production', '--who', 'alice', '-m', 'a test', ...more);

const asked = (wanted: string) => (status: ReleaseStatus) => status.waitingFor?.includes(wanted) ?? false;

async function begin(settings: object): Promise<{ request: ReleaseRequest; handle: WorkflowHandle }> {
  const request = requestWith({ ...settings });
  return { request, handle: await world.begin(request, LIVE) };
}

const approval = { approve: { required: true }, canary: { steps: [] } };
const soaking = { canary: { steps: [{ weight: 10, soak: '1h' }] } };

describe('a message', () => {
  it.each([
    ['approve', 'released'],
    ['reject', 'rolled back'],
    ['abort', 'rolled back'],
  ])('%s while approval is awaited ends it %s, with who and why', async (name, outcome) => {
    const { request, handle } = await begin(approval);
    await world.until(handle, asked('approval'));
    const { exitCode, stdout } = await tell(name, request);
    expect({ exitCode, stdout }).toEqual({ exitCode: 0, stdout: `${name} was accepted\n` });
    const { status } = (await handle.result()) as { status: ReleaseStatus };
    expect(status.outcome).toBe(outcome);
    expect(status.messages).toEqual([expect.objectContaining({ name, who: 'alice', why: 'a test' })]);
  });

  it('pauses, resumes and promotes a canary', async () => {
    world.reset({ soak: untilCancelled });
    const { request, handle } = await begin(soaking);
    await world.until(handle, ({ share }) => share === 10);
    expect((await tell('pause', request)).exitCode).toBe(0);
    expect((await tell('pause', request)).stderr).toContain('paused already');
    expect((await tell('resume', request)).exitCode).toBe(0);
    expect((await tell('promote', request)).exitCode).toBe(0);
    expect(await handle.result()).toMatchObject({ status: { outcome: 'released' } });
  });

  it('rolls back a release that bakes', async () => {
    world.reset({ soak: untilCancelled });
    const { request, handle } = await begin({ canary: { steps: [] }, bake: { soak: '1h' } });
    await world.until(handle, ({ phase }) => phase === 'bake');
    expect((await tell('rollback', request)).exitCode).toBe(0);
    expect(await handle.result()).toMatchObject({ status: { outcome: 'rolled back' } });
  });

  it('that does not fit is refused with the reason, exit code 1', async () => {
    const { request, handle } = await begin(approval);
    await world.until(handle, asked('approval'));
    const { exitCode, stdout } = await tell('promote', request, '--json');
    expect(exitCode).toBe(1);
    const { error } = JSON.parse(stdout) as { error: { type: string; message: string } };
    expect(error).toMatchObject({
      type: 'RefusedFailure',
      message: expect.stringContaining('waits for approval: approve or reject it'),
    });
    expect((await tell('abort', request)).exitCode).toBe(0);
  });

  it('comes too late after the end, and says how it ended', async () => {
    const { request, handle } = await begin({ canary: { steps: [] } });
    await handle.result();
    const { exitCode, stderr } = await tell('abort', request);
    expect(exitCode).toBe(1);
    expect(stderr).toMatch(/abort comes too late: the last release of .* ended at .*: 1\.1\.0 released/);
    expect((await tell('rollback', request)).stderr).toMatch(
      /1\.1\.0 released; to go back now, release an earlier version/,
    );
  });

  it('to an app that was never released says so', async () => {
    const { exitCode, stderr } = await tell('pause', { app: 'nobody-knows-it' });
    expect(exitCode).toBe(1);
    expect(stderr).toContain('none was ever started');
  });
});

describe('without a worker', () => {
  it('abort is kept by Temporal as a signal, and another message says that nobody answered', async () => {
    const request = requestWith({});
    await world.client.workflow.start('release', {
      workflowId: releaseWorkflowId(request),
      taskQueue: 'nobody',
      args: [{ request, live: LIVE }],
    });
    const [abort, pause] = await Promise.all([tell('abort', request, '--json'), tell('pause', request)]);
    expect(abort.exitCode).toBe(0);
    expect(JSON.parse(abort.stdout)).toMatchObject({ message: 'abort', sent: 'kept' });
    expect(pause.exitCode).toBe(69);
    expect(pause.stderr).toContain('expected a worker to answer');
    const { events } = await world.client.workflow.getHandle(releaseWorkflowId(request)).fetchHistory();
    const signals = (events ?? []).flatMap((event) => event.workflowExecutionSignaledEventAttributes?.signalName ?? []);
    expect(signals).toEqual(['abort']);
  }, 300_000);
});
