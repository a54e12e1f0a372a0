import { releaseWorkflowId } from '../domain/names';
import type { World } from '../tests/support/world';
import { activityTimes } from './history';
import { quantiles } from './statistics';
import type { Quantiles } from './statistics';

const ROUNDS = 10;

/**
 * Milliseconds from a failed verdict, and from a person's `abort`, until all traffic is on the old version again and was
 * read back. Under load, which runs outside.
 */
export async function benchBack(world: World): Promise<{ verdictToTrafficMs: Quantiles; abortToTrafficMs: Quantiles }> {
  const verdicts: number[] = [];
  const aborts: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    verdicts.push(await afterVerdict(world, `4.0.${round}`));
    aborts.push(await afterAbort(world, `4.1.${round}`));
  }
  return { verdictToTrafficMs: quantiles(verdicts), abortToTrafficMs: quantiles(aborts) };
}

async function afterVerdict(world: World, version: string): Promise<number> {
  const { status } = await world.released(version, { behaviour: { failAfter: 3 } });
  expectRolledBack(version, status.outcome);
  const { soak, back } = await lastSteps(world);
  return back - soak;
}

async function afterAbort(world: World, version: string): Promise<number> {
  const releasing = await world.release(version, {
    config: (raw) => void (raw.canary.steps = [{ weight: 50, soak: '5m' }]),
  });
  await releasing.until(({ phase, share }) => phase === 'canary' && share === 50);
  const asked = Date.now();
  await releasing.tell('abort');
  expectRolledBack(version, (await releasing.result()).status.outcome);
  return (await lastSteps(world)).back - asked;
}

/** When the last soak ended, and when the first change of traffic after it was done; ms since the epoch. */
async function lastSteps(world: World): Promise<{ soak: number; back: number }> {
  const history = await world.client.workflow.getHandle(releaseWorkflowId(world.scope)).fetchHistory();
  const steps = activityTimes(history);
  const at = steps.map(({ activity }) => activity).lastIndexOf('soak');
  const back = steps.slice(at + 1).find(({ activity }) => activity === 'setTraffic');
  if (at < 0 || back?.ended === undefined) throw new Error('expected a soak and a change of traffic after it');
  return { soak: steps[at]?.ended ?? 0, back: back.ended };
}

function expectRolledBack(version: string, outcome: string | undefined): void {
  if (outcome !== 'rolled back') throw new Error(`expected ${version} to be rolled back, seen ${outcome}`);
}
