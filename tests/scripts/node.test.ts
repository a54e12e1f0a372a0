import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Client, Connection } from '@temporalio/client';
import { engines } from '../../package.json';
import { environmentQuery, WORKFLOWS } from '../../workflows/messages';
import { sharedTemporal } from '../support/shared-temporal';
import type { UsedTemporal } from '../support/shared-temporal';
import { startWorker } from '../support/worker-process';

/* What the build made, on every version of Node.js that the README names. */

jest.setTimeout(600_000);

const run = promisify(execFile);
const root = join(__dirname, '../..');
const spillway = join(root, 'dist/starters/spillway.js');
const VERSIONS = ['20.19', '22', '24'];

let temporal: UsedTemporal;
let directory: string;
beforeAll(async () => {
  temporal = await sharedTemporal();
  directory = await mkdtemp(join(tmpdir(), 'spillway-node-'));
});
afterAll(async () => {
  await temporal?.stop();
  await rm(directory, { recursive: true, force: true });
});

async function nodeOf(version: string): Promise<string> {
  return (await run(join(root, 'scripts/node.sh'), [version])).stdout.trim();
}

it('the oldest of them is the floor of the package', () => {
  expect(engines.node).toBe(`>=${VERSIONS[0]}.0`);
});

it.each(VERSIONS)('commands run on Node %s', async (version) => {
  const node = await nodeOf(version);
  expect((await run(node, ['--version'])).stdout).toContain(`v${version}.`);
  expect((await run(node, [spillway, '--help'])).stdout).toContain('release');
  const validated = await run(node, [spillway, 'validate', '--file', join(root, 'examples/fx/spillway.yaml')]);
  expect(validated.stdout).toContain('no mistakes');
});

it.each(VERSIONS)('a worker runs workflows on Node %s', async (version) => {
  const name = `node-${version}-${process.pid}`;
  const env = {
    TEMPORAL_ADDRESS: temporal.address,
    SPILLWAY_TASK_QUEUE: name,
    SPILLWAY_WORKER_STATE: join(directory, name),
  };
  const worker = await startWorker(env, { compiled: true, node: await nodeOf(version) });
  const connection = await Connection.connect({ address: temporal.address });
  try {
    const environment = await new Client({ connection }).workflow.start(WORKFLOWS.environment, {
      workflowId: name,
      taskQueue: name,
      args: [{ app: name, environment: 'production' }],
    });
    expect(await environment.query(environmentQuery)).toMatchObject({ current: null });
    await environment.terminate();
    await worker.stop();
    expect(worker.log()).toContain('worker drained');
  } finally {
    await worker.kill();
    await connection.close();
  }
});
