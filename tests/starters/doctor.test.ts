import { ReleaseWorld, TASK_QUEUE } from '../support/release-world';
import { sharedTemporal } from '../support/shared-temporal';
import type { UsedTemporal } from '../support/shared-temporal';
import { createProject } from './project';
import type { Project } from './project';
import { until } from '../support/until';
import { freePort } from '../support/free-port';

jest.setTimeout(300_000);

interface Report {
  ok: boolean;
  checks: { name: string; state: string; detail: string; todo?: string }[];
}

let temporal: UsedTemporal;
let world: ReleaseWorld;
let project: Project;

beforeAll(async () => {
  temporal = await sharedTemporal();
  world = await ReleaseWorld.start(temporal.address);
});
afterAll(async () => {
  await world?.stop();
  await temporal?.stop();
});
beforeEach(async () => {
  project = await createProject({});
  await project.configure({ services: { web: { image: 'x', port: 80, env: { KEY: { env: 'FX_TEST_KEY' } } } } });
});
afterEach(() => project.remove());

async function examine(env: Record<string, string>): Promise<{ code: number | null; report: Report; printed: string }> {
  const { code, stdout, stderr } = await project.start(['doctor', '--json'], { env }).ended;
  return { code, report: JSON.parse(stdout) as Report, printed: stdout + stderr };
}

const stateOf = ({ checks }: Report, name: string) => checks.find((check) => check.name === name)?.state;

it('finds Temporal, a worker, the configuration and the engine, and shows no secret', async () => {
  const env = { TEMPORAL_ADDRESS: temporal.address, SPILLWAY_TASK_QUEUE: TASK_QUEUE, FX_TEST_KEY: 's3cret' };
  const { code, report, printed } = await examine(env);
  expect(report.checks.filter(({ state }) => state === 'failed')).toEqual([]);
  expect(code).toBe(0);
  expect(printed).not.toContain('s3cret');
  for (const name of ['Node', 'Temporal', 'namespace', 'search attributes', 'worker', 'configuration', 'Docker'])
    expect([name, stateOf(report, name)]).toEqual([name, 'ok']);
  expect(stateOf(report, 'secret env FX_TEST_KEY')).toBe('ok');
});

it('names everything that is missing at once, each with what to do, and exits with 1', async () => {
  await project.write('spillway.yaml', 'version: 1\napp: fx\nservces: {}\n');
  const env = { TEMPORAL_ADDRESS: `127.0.0.1:${await freePort()}`, DOCKER_HOST: 'unix:///nowhere/docker.sock' };
  const { code, report } = await examine(env);
  expect(code).toBe(1);
  for (const name of ['Temporal', 'configuration', 'Docker']) {
    const check = report.checks.find((one) => one.name === name);
    expect(check).toMatchObject({ state: 'failed', todo: expect.any(String) as string });
  }
});

it('says that no worker waits and that a secret is not set here', async () => {
  const { code, report } = await examine({ TEMPORAL_ADDRESS: temporal.address, SPILLWAY_TASK_QUEUE: 'nobody' });
  expect(code).toBe(1);
  expect(report.checks.find(({ name }) => name === 'worker')).toMatchObject({
    state: 'failed',
    todo: expect.stringContaining('spillway worker') as string,
  });
  expect(stateOf(report, 'secret env FX_TEST_KEY')).toBe('note');
});

it('says that the namespace is not there, as every command does', async () => {
  const env = { TEMPORAL_ADDRESS: temporal.address, TEMPORAL_NAMESPACE: 'elsewhere' };
  const { code, report } = await examine(env);
  expect(code).toBe(1);
  expect(report.checks.find(({ name }) => name === 'namespace')).toMatchObject({
    state: 'failed',
    todo: expect.stringContaining('temporal operator namespace create --namespace elsewhere') as string,
  });
  // The first one asks about a workflow, the others about the task queue.
  for (const command of [['status'], ['plan', '1.0.0'], ['release', '1.0.0', '--yes']]) {
    const answer = await project.start([...command, '-e', 'production'], { env }).ended;
    expect(answer).toMatchObject({ code: 64, stderr: expect.stringContaining('TEMPORAL_NAMESPACE') as string });
  }
});

describe('worker', () => {
  it('is a process that polls until SIGTERM, which it hands on, and its exit code is passed on', async () => {
    const state = { SPILLWAY_WORKER_STATE: `${project.directory}/state` };
    const worker = project.start(['worker'], {
      env: { TEMPORAL_ADDRESS: temporal.address, SPILLWAY_TASK_QUEUE: project.app, ...state },
    });
    await worker.until('worker polls');
    await pollerOn(project.app);
    worker.signal('SIGTERM');
    const { code, stdout } = await worker.ended;
    expect(code).toBe(0);
    expect(stdout).toContain('worker drained');
  });

  it('ends with 64 when it is configured wrongly', async () => {
    const { code, stderr } = await project.start(['worker'], { env: { SPILLWAY_HEALTH_PORT: 'many' } }).ended;
    expect(code).toBe(64);
    expect(stderr).toContain('SPILLWAY_HEALTH_PORT');
  });
});

/** Waits until Temporal sees a worker on a task queue. */
async function pollerOn(name: string): Promise<void> {
  const request = { namespace: 'default', taskQueue: { name }, taskQueueType: 1 };
  const pollers = async () => (await world.client.workflowService.describeTaskQueue(request)).pollers;
  await until(pollers, { what: `a worker on ${name}`, is: (seen) => Boolean(seen?.length) });
}
