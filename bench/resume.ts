import { releaseWorkflowId } from '../domain/names';
import type { World } from '../tests/support/world';
import { quantiles } from './statistics';
import type { Quantiles } from './statistics';

const ROUNDS = 10;
const LONGEST_MS = 30_000;

/**
 * Milliseconds from the SIGKILL of the worker that runs a step until the worker that stands by has taken the step over.
 */
export async function benchResume(world: World): Promise<{ afterSigkillMs: Quantiles }> {
  const times: number[] = [];
  await world.startWorker();
  for (let round = 0; round < ROUNDS; round++) {
    const releasing = await world.release(`5.0.${round}`, {
      config: (raw) => void (raw.canary.steps = [{ weight: 50, soak: '5m' }]),
    });
    await releasing.until(({ phase, share }) => phase === 'canary' && share === 50);
    times.push(await killAndWait(world));
    await world.startWorker();
    await releasing.tell('abort');
    await releasing.result();
  }
  return { afterSigkillMs: quantiles(times) };
}

async function killAndWait(world: World): Promise<number> {
  const running = await untilSoak(world, ({ attempt }) => attempt === 1);
  const pid = Number(running.identity.split('@')[0]);
  const victim = world.workers.find((worker) => worker.pid === pid);
  if (!victim) throw new Error(`expected a worker of this world, seen ${running.identity}`);
  const began = performance.now();
  await victim.kill();
  world.workers = world.workers.filter((worker) => worker !== victim);
  await untilSoak(world, ({ attempt, identity }) => attempt > 1 && identity !== running.identity);
  return performance.now() - began;
}

/** Waits until the soak runs so; `identity` names the process that runs it. */
async function untilSoak(
  world: World,
  is: (soak: { attempt: number; identity: string }) => boolean,
): Promise<{ attempt: number; identity: string }> {
  const handle = world.client.workflow.getHandle(releaseWorkflowId(world.scope));
  const deadline = Date.now() + LONGEST_MS;
  while (Date.now() < deadline) {
    const { raw } = await handle.describe();
    const soak = raw.pendingActivities?.find(({ activityType }) => activityType?.name === 'soak');
    // 2: started
    const seen = { attempt: soak?.attempt ?? 0, identity: soak?.lastWorkerIdentity ?? '' };
    if (soak?.state === 2 && is(seen)) return seen;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  throw new Error(`expected the soak to run so within ${LONGEST_MS} ms`);
}
