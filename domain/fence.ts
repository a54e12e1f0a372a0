import type { ReleaseRef } from './release';

/*
 * Who has an environment just now. Temporal runs one release at a time, but it cannot stop a worker that was frozen in a
 * step: what the environment keeps names its holder, and a later release always has a higher generation than an earlier one.
 */

/** To which release an environment belongs. */
export interface Holder {
  id: string;
  /** 0 where a person or an earlier version of Spillway wrote it. */
  generation: number;
}

/** A release that wants, or has, an environment. */
export interface Claimant extends Pick<ReleaseRef, 'app' | 'environment' | 'id'> {
  /** Absent in releases that an earlier version of Spillway began. */
  generation?: number;
}

/** Whether a release holds its environment. The id decides; the generation tells apart two attempts of one id. */
export function isHolder(holder: Holder | undefined, { id, generation }: Claimant): boolean {
  if (holder?.id !== id) return false;
  return !generation || holder.generation === 0 || generation === holder.generation;
}

/** Whether a release may take an environment from its holder: only one that began later may. */
export function mayTake(holder: Holder, { generation }: Pick<Claimant, 'generation'>): boolean {
  // Releases that an earlier version began are told apart by the order in which Temporal runs them.
  if (!generation) return holder.generation === 0;
  return generation > holder.generation;
}

/** In whose name reconcile takes an environment from a release that was terminated. */
export function reconcileId(releaseId: string): string {
  return `reconcile-${releaseId.replace(/^reconcile-/, '')}`;
}

/** A holder in words. */
export function describeHolder({ id, generation }: Holder): string {
  return generation ? `${id} (generation ${generation})` : id;
}

/** What is kept of a holder: its id in the first line, as earlier versions wrote it, and its generation in the second. */
export function formatHolder({ id, generation }: Pick<Claimant, 'id' | 'generation'>): string {
  return generation ? `${id}\n${generation}\n` : `${id}\n`;
}

/** Reads what `formatHolder` wrote. An empty text names nobody; a generation that is no number is a mistake. */
export function parseHolder(text: string | undefined): Holder | { mistake: string } | undefined {
  const [id = '', generation = '', ...rest] = (text ?? '')
    .trim()
    .split('\n')
    .map((line) => line.trim());
  if (id === '') return undefined;
  if (rest.length > 0 || !/^\d*$/.test(generation)) {
    return { mistake: `expected a release id, and below it a generation such as 12, seen ${JSON.stringify(text)}` };
  }
  return { id, generation: Number(generation) };
}
