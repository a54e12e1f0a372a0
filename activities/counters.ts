import { comparedServices, comparedWithBaseline, countersOf, groupBeside } from '../domain/baseline';
import type { Io } from '../domain/host';
import type { RouterCounters } from '../domain/router';
import type { Router } from '../routers/router';
import type { SoakInput } from './steps';

/**
 * What the router counts of the services that users reach, as it is judged: where the version in `slot` is compared with a fresh baseline, the counters of
 * that stand in place of the live slot's. Whatever is compared with each other must come from here.
 */
export async function comparedCounters(
  router: Pick<Router, 'counters'>,
  { config, release, slot, share }: Pick<SoakInput, 'config' | 'release' | 'slot' | 'share'>,
  io: Io,
): Promise<RouterCounters> {
  const counters = await router.counters(release, io);
  const compared = groupBeside(config, slot, share) === 'baseline' ? comparedWithBaseline(counters, slot) : counters;
  return countersOf(compared, comparedServices(config));
}
