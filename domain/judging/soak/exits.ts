import type { AppConfig } from '../../config';
import { endsText, judgeExits, watchedOf, type Ran, type Watched } from '../../containers/exits';
import type { Judgement } from '../../release';
import { formatDuration } from '../../units';

/* What containers that end mean for a soak: with or without any limit, a version that does not keep running fails. */

/** What a soak knows of the containers after a sample. */
export interface Containers {
  /** Fails the version. */
  problem?: string;
  /** Names of the containers that it is about. */
  ended?: string[];
  /** Why nothing is known of them: then the version does not pass. */
  unknown?: string;
  /** What is said beside any other verdict: `no container ended`. */
  note: string;
}

/** Who is watched from here on: as the release was told when they were healthy, or else as they are now. */
export function watch(
  known: { own: Watched[]; beside: Watched[] } | undefined,
  deployed: Watched[] | undefined,
  own: readonly Ran[],
  beside: readonly Ran[],
): { own: Watched[]; beside: Watched[] } {
  return {
    own: deployed ?? known?.own ?? watchedOf(own),
    // What is live only moves, and what is done is done: neither says anything of the old version.
    beside: known?.beside ?? watchedOf(beside.filter(({ run, state }) => run === undefined && state === 'running')),
  };
}

/** Judges the new version by its own containers; of the others it is only told, since that is no fault of it. */
export function judgeContainers(
  watched: { own: Watched[]; beside: Watched[] },
  own: readonly Ran[],
  beside: readonly Ran[],
  services: AppConfig['services'],
): Containers {
  const { problem, containers, tolerated } = judgeExits(watched.own, own, services);
  const others = endsText(watched.beside, beside);
  const note = [tolerated || 'no container ended', ...(others ? [`of the old version ${others}`] : [])].join('; ');
  return { ...(problem !== undefined && { problem, ended: containers }), note };
}

/**
 * A judgement by everything else, with what the containers show.
 * @param soaked milliseconds
 */
export function withContainers(
  judgement: Judgement,
  { problem, unknown, note }: Containers,
  soaked: number,
): Judgement {
  if (problem !== undefined) return { ...judgement, verdict: 'fail', reason: problem };
  if (judgement.verdict === 'fail') return judgement;
  if (unknown !== undefined)
    return { ...judgement, verdict: 'inconclusive', reason: `whether a container ended is not known: ${unknown}` };
  return { ...judgement, reason: `${judgement.reason}; ${note} in ${formatDuration(soaked)}` };
}
