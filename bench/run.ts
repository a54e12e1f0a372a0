import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { startPostgres } from '../tests/support/postgres';
import { World } from '../tests/support/world';
import { benchAnswers } from './answers';
import { benchBack } from './back';
import { benchJudge } from './judge';
import { benchRelease } from './release';
import { benchResume } from './resume';
import { ms } from './statistics';
import { benchScale } from './scale';
import { benchSoak } from './soak';
import { benchStep } from './step';
import { benchStall } from './stall';
import { benchSwitch } from './switch';

/*
 * Measures what Spillway promises, on real parts, and writes bench/results.json.
 * Usage: run.ts [judge|soak|scale|stall|switch|release|back|answers|step|resume|worker]...   (all of them without arguments)
 */

const RESULTS = join(__dirname, 'results.json');

async function rssMb({ workers }: World): Promise<{ rssMb: number }> {
  const status = await readFile(`/proc/${workers[0]?.pid}/status`, 'utf8');
  return { rssMb: ms(Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]) / 1_024) };
}

type Measures = Record<string, () => Promise<unknown>>;

/** What needs no release of the tiny app. */
const ALONE: Measures = {
  judge: benchJudge,
  soak: benchSoak,
  scale: benchScale,
  stall: benchStall,
};

async function main(wanted: string[]): Promise<void> {
  await measure(ALONE, wanted);
  if (wanted.length > 0 && wanted.every((name) => name in ALONE)) return;
  const postgres = await startPostgres();
  const world = await World.open({ database: true, postgres, compiled: true });
  try {
    const { status } = await world.released('1.0.0');
    if (status.outcome !== 'released') throw new Error(`the first release: ${status.why}`);
    const measures: Measures = {
      // First, while nothing else runs.
      switch: () => benchSwitch(),
      release: () => benchRelease(world),
      step: () => benchStep(world.temporal.address),
      worker: () => rssMb(world),
      back: async () => {
        const load = await world.load();
        return { ...(await benchBack(world)), lost: (await load.stop()).lost };
      },
      answers: async () => {
        const load = await world.load();
        return { ...(await benchAnswers(world)), lost: (await load.stop()).lost };
      },
      resume: () => benchResume(world),
    };
    await measure(measures, wanted);
  } finally {
    await world.close();
    await postgres.stop();
  }
}

/** Adds to the results of earlier runs. */
async function measure(measures: Measures, wanted: string[]): Promise<void> {
  const results = JSON.parse(await readFile(RESULTS, 'utf8').catch(() => '{}')) as Record<string, unknown>;
  for (const [name, one] of Object.entries(measures)) {
    if (wanted.length > 0 && !wanted.includes(name)) continue;
    results[name] = await one();
    console.log(`${name}: ${JSON.stringify(results[name])}`);
    await writeFile(RESULTS, `${JSON.stringify(results, null, 2)}\n`);
  }
}

main(process.argv.slice(2)).catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
