import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { Client, Connection, WithStartWorkflowOperation } from '@temporalio/client';
import { appConfigSchema } from '../domain/config';
import type { ReleaseRequest } from '../domain/request';
import { environmentWorkflowId } from '../domain/names';
import { isConnectionLoss } from '../starters/asking/client';
import { retry } from '../waiting/retry';
import { freePort } from '../tests/support/free-port';
import { requestUpdate, WORKFLOWS } from '../workflows/messages';
import { startTemporalServer } from '../tests/support/temporal';
import type { ScaleReport } from './scale-worker';
import { ms, quantiles } from './statistics';

/** Releases that soak at once. */
const RELEASES = Number(process.env.BENCH_RELEASES ?? 5_000);
/** Begun in a second: a development server on the same machine has to keep up with the frequent beats of young soaks. */
const PER_SECOND = Number(process.env.BENCH_PER_SECOND ?? 2.5);
/** Releases with which a worker has loaded whatever it needs. */
const FEW = 100;
const INTERVAL_MS = 10_000;
/** How long they are watched once all soak. */
const WATCH_MS = 60_000;
const LONGEST_MS = 15 * 60_000;

export interface Scale {
  soakingReleases: number;
  /** What each of them adds to the worker, by the difference to a hundred: what the first ones load serves all. */
  rssMbPerRelease: number;
  /** Of the worker with all of them. */
  rssMb: number;
  sampleLagP95Ms: number;
  beatsPerSecond: number;
  /** Cores that the worker's process uses. */
  cores: number;
}

/** Measures what releases that soak at once, with the watch over each, cost one worker. */
export function benchScale(): Promise<Scale> {
  return whileSoaking(FEW, async ({ client, worker }) => {
    const few = await asked(worker);
    await start(client, FEW, RELEASES);
    await untilSoaking(worker, RELEASES);
    const before = await asked(worker);
    await new Promise((resolve) => setTimeout(resolve, WATCH_MS));
    const { rssMb, lags, soaking, beats, cpu } = await asked(worker);
    return {
      soakingReleases: soaking,
      rssMbPerRelease: ms((rssMb - few.rssMb) / (RELEASES - FEW)),
      rssMb: ms(rssMb),
      sampleLagP95Ms: quantiles(lags).p95,
      beatsPerSecond: ms((beats - before.beats) / (WATCH_MS / 1_000)),
      cores: ms((cpu - before.cpu) / (WATCH_MS / 1_000)),
    };
  });
}

export interface Soaking {
  client: Client;
  worker: ChildProcess;
}

/** Starts so many releases on one worker, and runs `body` while all of them soak. */
export async function whileSoaking<T>(releases: number, body: (soaking: Soaking) => Promise<T>): Promise<T> {
  const server = await startTemporalServer();
  const worker = fork(join(__dirname, 'scale-worker.ts'), [String(INTERVAL_MS), String(await freePort())], {
    env: { ...process.env, TEMPORAL_ADDRESS: server.address },
    execArgv: ['--expose-gc', '-r', join(__dirname, '../tests/support/typescript.js')],
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  const client = new Client({ connection: await Connection.connect({ address: server.address }) });
  try {
    await once(worker, 'message');
    await start(client, 0, releases);
    await untilSoaking(worker, releases);
    return await body({ client, worker });
  } finally {
    worker.kill('SIGKILL');
    await client.connection.close();
    await server.stop();
  }
}

async function start(client: Client, from: number, to: number): Promise<void> {
  const asking: Promise<unknown>[] = [];
  for (let index = from; index < to; index++) {
    if (index % 500 === 0 && index > 0) console.error(`scale: ${index} releases were asked for`);
    asking.push(untilTaken(() => ask(client, requestOf(`app-${index}`))));
    await new Promise((resolve) => setTimeout(resolve, 1_000 / PER_SECOND));
  }
  await Promise.all(asking);
}

/** The server refuses more when it has much to do; asking again for the same release does nothing twice. */
function untilTaken(body: () => Promise<void>): Promise<void> {
  const limit = Date.now() + LONGEST_MS;
  return retry({ signal: null, pause: 1_000, limit, clock: Date.now, helps: isConnectionLoss }, body);
}

/** As `release` does, so that the environment watches over its release. */
async function ask(client: Client, request: ReleaseRequest): Promise<void> {
  const { app, environment, id: updateId } = request;
  const startWorkflowOperation = new WithStartWorkflowOperation(WORKFLOWS.environment, {
    workflowId: environmentWorkflowId(request),
    taskQueue: 'scale',
    workflowTaskTimeout: '10s',
    workflowIdConflictPolicy: 'USE_EXISTING',
    args: [{ app, environment }],
  });
  const options = { startWorkflowOperation, updateId, args: [request] as [ReleaseRequest] };
  const answer = await client.workflow.executeUpdateWithStart(requestUpdate('release'), options);
  if (!answer.accepted) throw new Error(`expected ${app} to be accepted, seen: ${answer.reason}`);
}

export const STEPS = [50, 75].map((weight) => ({ weight, soak: '24h' }));

function requestOf(app: string): ReleaseRequest {
  const config = appConfigSchema.parse({
    version: 1,
    app,
    services: { web: { image: 'web', port: 8080, routes: [{ port: 80 }] } },
    canary: { interval: `${INTERVAL_MS}ms`, steps: STEPS, limits: { errorRate: 5, p95: '1s' } },
  });
  return {
    kind: 'release',
    app,
    environment: 'production',
    id: `${app}-r1`,
    version: '1.1.0',
    config,
    projectDirectory: '/project',
    options: { skipBuild: false, testOnly: false, noRollback: false, again: false },
    who: 'bench',
    note: '',
    requestedAt: Date.now(),
  };
}

export async function asked(worker: ChildProcess): Promise<ScaleReport> {
  const answer = once(worker, 'message');
  worker.send('report');
  return ((await answer) as [ScaleReport])[0];
}

async function untilSoaking(worker: ChildProcess, count: number): Promise<ScaleReport> {
  for (const end = Date.now() + LONGEST_MS; ;) {
    const report = await asked(worker);
    if (report.soaking >= count) return report;
    if (Date.now() > end) throw new Error(`expected ${count} releases to soak, seen ${report.soaking}`);
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
}
