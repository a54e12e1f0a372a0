import type { MessageName } from '../domain/messages';
import type { ReleaseStatus } from '../domain/release';
import { seeded } from '../tests/support/seeded';
import type { Releasing } from '../tests/support/asking';
import type { World } from '../tests/support/world';
import { quantiles } from './statistics';
import type { Quantiles } from './statistics';

const ROUNDS = 20;
/** A person comes at any moment of a soak, of which the beats are what it learns by: so long it goes on at least and at most. */
const [LEAST_MS, MOST_MS] = [1_000, 3_000];

/**
 * Milliseconds from sending `pause` to a soak until `status` says so, and from sending `promote` until `status` says that
 * the next step has its share, which was read back from the router. Under load, which runs outside.
 */
export async function benchAnswers(world: World): Promise<{ pauseMs: Quantiles; promoteMs: Quantiles }> {
  const config = (raw: { canary: { steps: object[] } }) => {
    // Steps enough to promote; none of them ends by itself.
    raw.canary.steps = Array.from({ length: ROUNDS + 1 }, (_, index) => ({ weight: index + 1, soak: '30m' }));
  };
  const releasing = await world.release('5.0.0', { config });
  await releasing.until(({ phase, share }) => phase === 'canary' && share === 1);
  const [pauses, promotes]: [number[], number[]] = [[], []];
  const random = seeded(1);
  const someMoment = () => new Promise((resolve) => setTimeout(resolve, LEAST_MS + random() * (MOST_MS - LEAST_MS)));
  for (let round = 1; round <= ROUNDS; round++) {
    await someMoment();
    pauses.push(await answered(releasing, 'pause', ({ state }) => state === 'paused'));
    await answered(releasing, 'resume', ({ state }) => state === 'running');
    await someMoment();
    promotes.push(await answered(releasing, 'promote', ({ share }) => share === round + 1));
  }
  await releasing.tell('abort');
  await releasing.result();
  return { pauseMs: quantiles(pauses), promoteMs: quantiles(promotes) };
}

/** Milliseconds from sending a message until `status` says that it took effect. */
export async function answered(
  releasing: Releasing,
  name: MessageName,
  isSo: (status: ReleaseStatus) => boolean,
): Promise<number> {
  const asked = performance.now();
  await releasing.tell(name);
  while (!isSo(await releasing.status())) await new Promise((resolve) => setTimeout(resolve, 2));
  return performance.now() - asked;
}
