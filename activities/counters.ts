import { comparedServices, comparedWithFresh, countersOf, groupBeside } from '../domain/fresh';
import type { Io } from '../domain/host';
import type { RouterCounters } from '../domain/router';
import type { Router } from '../routers/router';
import type { SoakInput } from './steps';

/**
 * What the router counts of the services that users reach, as it is judged: where the version in `slot` is compared with
 * fresh copies, their counters stand in place of the live slot's. Whatever is compared with each other must come from here.
 */
export async function comparedCounters(
  router: Pick<Router, 'counters'>,
  { config, release, slot, share }: Pick<SoakInput, 'config' | 'release' | 'slot' | 'share'>,
  io: Io,
): Promise<RouterCounters> {
  const counters = await router.counters(release, io);
  const compared = groupBeside(config, slot, share) === 'baseline' ? comparedWithFresh(counters, slot) : counters;
  return countersOf(compared, comparedServices(config));
}
