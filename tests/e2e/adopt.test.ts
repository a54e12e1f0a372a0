import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { registerAdopt } from '../../starters/adopt';
import { registerCurrent } from '../../starters/current';
import { registerRelease } from '../../starters/release';
import { command, type Said } from '../support/in-process';
import type { UsedTemporal } from '../support/shared-temporal';
import { startTemporalServer } from '../support/temporal';
import { tinyConfig } from '../support/tiny';
import { World } from '../support/world';

jest.setTimeout(300_000);

let world: World;
let other: UsedTemporal;
const before = { ...process.env };

beforeAll(async () => {
  world = await World.open();
  other = await startTemporalServer();
  world.closing.push(() => other.stop());
  await world.startWorker({ TEMPORAL_ADDRESS: other.address });
  const raw = tinyConfig(world);
  raw.canary = { steps: [] };
  await writeFile(join(world.project, 'spillway.yaml'), stringify(raw));
});
afterAll(async () => {
  process.env = before;
  await world?.close();
});

/** Runs a command as somebody would who talks to this Temporal. */
async function from(temporal: UsedTemporal, register: Parameters<typeof command>[0], ...argv: string[]) {
  Object.assign(process.env, { TEMPORAL_ADDRESS: temporal.address, SPILLWAY_TASK_QUEUE: world.taskQueue });
  return command(register, ...argv, '-e', 'production', '-f', join(world.project, 'spillway.yaml'), '--json');
}
async function release(temporal: UsedTemporal, version: string): Promise<Said> {
  await world.request(version);
  return from(temporal, registerRelease, 'release', version, '--yes');
}
const json = ({ stdout }: Said) => JSON.parse(stdout);
const adopt = (temporal: UsedTemporal, ...more: string[]) => from(temporal, registerAdopt, 'adopt', ...more);

test('another Temporal releases only once it has adopted the environment, and the first one adopts it back [proves 1]', async () => {
  const { temporal: first } = world;
  expect(json(await release(first, '1.0.0'))).toMatchObject({ outcome: 'released' });

  const refused = await release(other, '1.1.0');
  expect(refused.exitCode).toBe(1);
  expect(json(refused)).toMatchObject({ outcome: 'refused', why: expect.stringContaining('spillway adopt') });

  const adopted = await adopt(other);
  expect(adopted.exitCode).toBe(0);
  const { before: was, now, environmentId } = json(adopted);
  expect(was).not.toBe(now);
  expect(json(await adopt(other))).toMatchObject({ before: now, now, environmentId });
  expect(json(await release(other, '1.1.0'))).toMatchObject({ outcome: 'released' });
  expect(json(await release(first, '1.2.0'))).toMatchObject({ outcome: 'refused' });

  // What the first one remembers is older than the ledger: it reads that anew.
  expect(json(await adopt(first))).toMatchObject({ before: now, now: was, environmentId });
  expect(json(await release(first, '1.2.0'))).toMatchObject({ outcome: 'released' });
  expect(json(await from(first, registerCurrent, 'current'))).toMatchObject({ live: { version: '1.2.0' } });
});
