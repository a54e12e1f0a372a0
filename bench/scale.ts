import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { Client, Connection } from '@temporalio/client';
import { appConfigSchema } from '../domain/config';
import { KINDS } from '../domain/kinds';
import type { Live } from '../domain/release';
import type { ReleaseRequest } from '../domain/request';
import { releaseWorkflowId } from '../domain/names';
import { messageUpdate } from '../workflows/messages';
import { startTemporalServer } from '../tests/support/temporal';
import type { ScaleReport } from './scale-worker';
import { ms, quantiles } from './statistics';

/** Releases that soak at once. */
const RELEASES = Number(process.env.BENCH_RELEASES ?? 1_000);
/** Releases with which a worker has loaded whatever it needs. */
const FEW = 100;
const INTERVAL_MS = 10_000;
/** How long they are watched once all soak. */
const WATCH_MS = 60_000;
/** Started at once: a development server on the same machine has to keep up. */
const TOGETHER = 20;
const LONGEST_MS = 15 * 60_000;

export interface Scale {
  soakingReleases: number;
  /** What each of them adds to the worker, by the difference to a hundred: what the first ones load serves all. */
  rssMbPerRelease: number;
  /** Of the worker with all of them. */
  rssMb: number;
  sampleLagP95Ms: number;
}

/** What a thousand releases that soak at once cost one worker. */
export function benchScale(): Promise<Scale> {
  return whileSoaking(FEW, async ({ client, worker }) => {
    const few = await asked(worker);
    await start(client, FEW, RELEASES);
    await untilSoaking(worker, RELEASES);
    await asked(worker);
    await new Promise((resolve) => setTimeout(resolve, WATCH_MS));
    const { rssMb, lags, soaking } = await asked(worker);
    return {
      soakingReleases: soaking,
      rssMbPerRelease: ms((rssMb - few.rssMb) / (RELEASES - FEW)),
      rssMb: ms(rssMb),
      sampleLagP95Ms: quantiles(lags).p95,
    };
  });
}

/** Events in the history of a release with a soak of a day; promoted at its begin, since time adds none. */
export function benchEvents(): Promise<number> {
  return whileSoaking(1, async ({ client }) => {
    const handle = client.workflow.getHandle(releaseWorkflowId({ app: 'app-0', environment: 'production' }));
    await handle.executeUpdate(messageUpdate('promote'), { args: [{ who: 'bench', why: '' }] });
    await handle.result();
    return (await handle.fetchHistory()).events?.length ?? 0;
  });
}

interface Soaking {
  client: Client;
  worker: ChildProcess;
}

/** Starts so many releases on one worker, and runs `body` while all of them soak. */
async function whileSoaking<T>(releases: number, body: (soaking: Soaking) => Promise<T>): Promise<T> {
  const server = await startTemporalServer();
  const worker = fork(join(__dirname, 'scale-worker.ts'), [String(INTERVAL_MS)], {
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
  let next = from;
  const one = async (): Promise<void> => {
    for (let index = next++; index < to; index = next++) {
      const request = requestOf(`app-${index}`);
      await client.workflow.start(KINDS.release.workflow, {
        workflowId: releaseWorkflowId(request),
        taskQueue: 'scale',
        workflowTaskTimeout: '10s',
        args: [{ request, live: LIVE }],
      });
    }
  };
  await Promise.all(Array.from({ length: TOGETHER }, one));
}

const LIVE: Live = { slot: 'blue', version: '1.0.0', releaseId: 'r0', images: [], identity: 'old' };

function requestOf(app: string): ReleaseRequest {
  const config = appConfigSchema.parse({
    version: 1,
    app,
    services: { web: { image: 'web', port: 8080, routes: [{ port: 80 }] } },
    canary: { interval: `${INTERVAL_MS}ms`, steps: [{ weight: 50, soak: '24h' }], limits: { errorRate: 5, p95: '1s' } },
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

async function asked(worker: ChildProcess): Promise<ScaleReport> {
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
