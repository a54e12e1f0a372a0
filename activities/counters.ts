import { comparedServices, comparedWithFresh, countersOf, groupBeside } from '../domain/fresh';
import type { Io } from '../domain/host';
import type { RouterCounters } from '../domain/router';
import type { Router } from '../routers/router';
import type { SoakInput } from './steps';

/** Fresh copies stand in for the live slot. Only counters from here may be compared with each other. */
export async function comparedCounters(
  router: Pick<Router, 'counters'>,
  { config, release, slot, share }: Pick<SoakInput, 'config' | 'release' | 'slot' | 'share'>,
  io: Io,
): Promise<RouterCounters> {
  const counters = await router.counters(release, io);
  const compared = groupBeside(config, slot, share) === 'baseline' ? comparedWithFresh(counters, slot) : counters;
  return countersOf(compared, comparedServices(config));
}
