import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { PrometheusApi } from '../metrics/prometheus/api';
import { io, project } from '../tests/databases/database-context';
import { startPostgres } from '../tests/support/postgres';
import { judgeSamples } from './soak';
import { ms } from './statistics';

const INSERTS = 20_001;
const SEED_BYTES = 100_000_000;
const ANSWER_BYTES = 8_000_000;
const SERVICES = 100;

export interface StallFigures {
  /** The longest of all, but for `idle`. */
  longestMs: number;
  /** So long the machine holds up a process that has nothing to do. */
  idleMs: number;
  insertsMs: number;
  seedMs: number;
  prometheusMs: number;
  soakMs: number;
}

/** How long a worker can do nothing else: for a migration of many statements, a large seed, a large answer, a large soak. */
export async function benchStall(): Promise<StallFigures> {
  const idleMs = await longest(() => sleep(2_000));
  const postgres = await startPostgres();
  try {
    const row = (id: number) => `(${id}, 'name ${id}', 'some words about it')`;
    const insert = (id: number) => `INSERT INTO seed VALUES ${row(id)};\n`;
    const insertsMs = await longestOf(
      await postgres.createDatabase(),
      Buffer.from(Array.from({ length: INSERTS }, (_, id) => insert(id)).join('')),
    );
    // Filled with one text, because the garbage of millions of others would hold the process up, too.
    const rows = Buffer.alloc(SEED_BYTES, `${row(1)},\n`);
    const last = rows.lastIndexOf(',\n');
    const seed = Buffer.concat([Buffer.from('INSERT INTO seed VALUES '), rows.subarray(0, last), Buffer.from(';\n')]);
    const seedMs = await longestOf(await postgres.createDatabase(), seed);
    const prometheusMs = await longestOfAnswer();
    const soakMs = await longest(() => Promise.resolve(judgeSamples(SERVICES, 1)));
    const longestMs = Math.max(insertsMs, seedMs, prometheusMs, soakMs);
    return { longestMs, idleMs, insertsMs, seedMs, prometheusMs, soakMs };
  } finally {
    await postgres.stop();
  }
}

async function longestOf(url: string, rows: Buffer): Promise<number> {
  const { database, write, remove } = await project(url, { onRollback: 'keep', statementTimeout: '10m' });
  try {
    const table = Buffer.from('CREATE TABLE seed (id int, name text, note text);\n');
    await write({ '001_seed.up.sql': Buffer.concat([table, rows]) });
    return await longest(async () => {
      const mistakes = await database.migrations!.check(io());
      if (mistakes.length > 0) throw new Error(mistakes.join('\n'));
      await database.migrations!.up(['001_seed'], 'bench', io());
    });
  } finally {
    await remove();
  }
}

/** An answer with all the samples of many series. */
async function longestOfAnswer(): Promise<number> {
  const values = Array.from({ length: 1_000 }, (_, at) => [1_800_000_000 + at * 15, `${at * 1.5}`]);
  const one = JSON.stringify({ metric: { instance: 'backend' }, values });
  const result = Array.from({ length: Math.floor(ANSWER_BYTES / one.length) }, () => one);
  const body = Buffer.from(`{"status":"success","data":{"resultType":"matrix","result":[${result.join(',')}]}}`);
  const server = createServer((_, response) => response.end(body)).listen(0);
  try {
    const { port } = server.address() as AddressInfo;
    const config = { url: `http://127.0.0.1:${port}`, timeout: 60_000 } as PrometheusConfig;
    const api = new PrometheusApi({ config, service: undefined, interval: 15_000, headers: {}, ca: undefined });
    return await longest(async () => {
      const found = await api.asking(false, io()).range('all', 0, 1_000_000, 15_000);
      if (!Array.isArray(found)) throw new Error(found.missing);
    });
  } finally {
    server.close();
  }
}

type PrometheusConfig = ConstructorParameters<typeof PrometheusApi>[0]['config'];

/** The longest time in which the process did nothing else, in milliseconds. */
async function longest(work: () => Promise<unknown>): Promise<number> {
  const delay = monitorEventLoopDelay({ resolution: 1 });
  delay.enable();
  // The work of this turn counts once there are turns before and after it.
  await sleep(20);
  await work();
  await sleep(20);
  delay.disable();
  return ms(delay.max / 1e6);
}
