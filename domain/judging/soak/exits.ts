import type { AppConfig } from '../../config';
import { endsText, judgeExits, watchedOf, type Ran, type Watched } from '../../containers/exits';
import type { Judgement } from '../../release';
import { formatDuration } from '../../units';

export interface Containers {
  problem?: string;
  ended?: string[];
  /** Why nothing is known of them; the version does not pass then. */
  unknown?: string;
  note: string;
}

export function watch(
  known: { own: Watched[]; beside: Watched[] } | undefined,
  deployed: Watched[] | undefined,
  own: readonly Ran[],
  beside: readonly Ran[],
): { own: Watched[]; beside: Watched[] } {
  return {
    own: deployed ?? known?.own ?? watchedOf(own),
    // The end of a live-only service or a job says nothing of the old version.
    beside: known?.beside ?? watchedOf(beside.filter(({ run, state }) => run === undefined && state === 'running')),
  };
}

/** Ends of the old version are only told. */
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

/** @param soaked ms */
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
