import { NativeConnection, Runtime, Worker } from '@temporalio/worker';
import { createActivities } from '../activities';
import type { Parts } from '../activities/parts';
import type { Activities } from '../activities/steps';
import type { LedgerEntry, Live, Scope, Slot } from '../domain/release';
import { ROUTERS, type RouterCounters, type SlotCounters } from '../domain/router';
import { workflowCode } from '../workers/bundle';
import { WORKER_TIMINGS } from '../workers/worker';

/*
 * A worker process for `scale`: workflows, soak and judge are the real ones, on a router and a target that only answer.
 * It tells its parent how late samples are and how much memory it has.
 */

/** Requests that every version answers in a second, and in which time. Fewer than 5 % are slow, so that p95 holds. */
const PER_SECOND = 100;
const LATENCY = [
  { upTo: 10, part: 0.5 },
  { upTo: 50, part: 0.47 },
  { upTo: null, part: 0.03 },
];

const began = Date.now();
const lastAsked = new Map<string, number>();
let lags: number[] = [];
const interval = Number(process.argv[2]);
const metricsPort = Number(process.argv[3]);

function counters(): RouterCounters {
  const requests = Math.round(((Date.now() - began) / 1_000) * PER_SECOND);
  const latency = LATENCY.map(({ upTo, part }) => ({ upTo, count: Math.round(requests * part) }));
  const web: SlotCounters = { requests, errors: Math.round(requests / 1_000), latency };
  return { process: 'one', slots: { blue: { web }, green: { web } } };
}

const router = {
  kind: 'haproxy',
  capabilities: ROUTERS.haproxy.capabilities,
  counters: ({ app }: Scope) => {
    const now = performance.now();
    const last = lastAsked.get(app);
    if (last !== undefined) lags.push(now - last - interval);
    lastAsked.set(app, now);
    return Promise.resolve(counters());
  },
};

const target = {
  claims: () => Promise.resolve([]),
  replicas: {
    list: (_: Scope, slot: Slot) =>
      Promise.resolve([{ service: 'web', replica: 1, container: `web-${slot}`, state: 'running', restarts: 0 }]),
  },
};

const OWNED = JSON.stringify({ id: 'bench', temporal: 'bench', formerly: [], since: '' });

/** Every release holds its environment, and pictures are not kept. */
const state = {
  fence: { expectHeld: () => Promise.resolve() },
  documents: {
    read: (name: string) => Promise.resolve(name === 'environment.json' ? OWNED : undefined),
    write: () => Promise.resolve(),
    placeOf: (name: string) => name,
  },
};

const parts = {
  owner: 'bench',
  target: () => Promise.resolve(target),
  router: () => Promise.resolve(router),
  state: () => Promise.resolve(state),
  redact: (text: string) => text,
} as unknown as Parts;

const LIVE: Live = { slot: 'blue', version: '1.0.0', releaseId: 'r0', images: [], identity: 'old' };

/** The release before, which left the live version. */
function before(scope: Scope): LedgerEntry {
  const release = { ...scope, id: LIVE.releaseId, version: LIVE.version };
  const nothing = { phases: [], images: [], messages: [], leftovers: [], startedAt: began, endedAt: began };
  return { release, kind: 'release', outcome: 'released', who: 'bench', note: '', live: LIVE, ...nothing };
}

/** All is well, at once. */
const well: Partial<Activities> = {
  preflight: ({ live }) =>
    Promise.resolve({
      checks: [],
      slot: 'green',
      live,
      pendingMigrations: [],
      capabilities: router.capabilities,
      configurationIdentity: 'configuration',
    }),
  buildImages: () => Promise.resolve({ images: [], identity: 'new', tags: [] }),
  restoreImages: () => Promise.resolve(),
  backUp: () => Promise.resolve({ size: 0, contents: [] }),
  deploySlot: () => Promise.resolve({ detail: 'as told' }),
  removeSlot: () => Promise.resolve(),
  smoke: () => Promise.resolve({ checks: [] }),
  drainSlot: () => Promise.resolve({ left: 0, waited: 0 }),
  retire: () => Promise.resolve({ leftovers: [] }),
  readLedger: ({ scope }) => Promise.resolve([before(scope)]),
  readGeneration: () => Promise.resolve(0),
  recordEntry: () => Promise.resolve(),
  setTraffic: ({ share }) => Promise.resolve({ share, counters: counters() }),
};

/** What a worker tells when it is asked. */
export interface ScaleReport {
  rssMb: number;
  /** Apps that were sampled. */
  soaking: number;
  /** Milliseconds that samples came late, since the last report. */
  lags: number[];
  /** Beats that were sent to Temporal, of all activities. */
  beats: number;
  /** Seconds of processor time, of all threads. */
  cpu: number;
}

async function tell(): Promise<void> {
  const beats = await beatsSent();
  global.gc?.();
  const { user, system } = process.cpuUsage();
  const rssMb = process.memoryUsage().rss / 2 ** 20;
  const report: ScaleReport = { rssMb, soaking: lastAsked.size, lags, beats, cpu: (user + system) / 1e6 };
  lags = [];
  process.send?.(report);
}

/** As the SDK counts what it really sends: it holds back beats that come too soon. */
async function beatsSent(): Promise<number> {
  const text = await (await fetch(`http://127.0.0.1:${metricsPort}/metrics`)).text();
  const sent = text
    .split('\n')
    .filter((line) => /^temporal_request(_total)?\{.*"RecordActivityTaskHeartbeat"/.test(line));
  return sent.reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0);
}

async function main(): Promise<void> {
  Runtime.install({ telemetryOptions: { metrics: { prometheus: { bindAddress: `127.0.0.1:${metricsPort}` } } } });
  const connection = await NativeConnection.connect({ address: process.env.TEMPORAL_ADDRESS });
  const worker = await Worker.create({
    connection,
    taskQueue: 'scale',
    ...(await workflowCode()),
    ...WORKER_TIMINGS,
    activities: { ...createActivities(parts), ...well },
  });
  process.on('message', () => void tell());
  process.on('disconnect', () => process.exit(0));
  const running = worker.run();
  void tell();
  await running;
}

void main();
