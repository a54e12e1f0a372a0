import type { ReleaseRef } from './release';

/* Temporal cannot stop a frozen worker, so the environment names its holder; later releases have higher generations. */

export interface Holder {
  id: string;
  /** 0 when a person or an older version wrote it. */
  generation: number;
}

export interface Claimant extends Pick<ReleaseRef, 'app' | 'environment' | 'id'> {
  generation?: number;
}

/** The id decides; the generation tells two attempts of one id apart. */
export function isHolder(holder: Holder | undefined, { id, generation }: Claimant): boolean {
  if (holder?.id !== id) return false;
  return !generation || holder.generation === 0 || generation === holder.generation;
}

/** Only a release that began later may take the environment. */
export function mayTake(holder: Holder, { generation }: Pick<Claimant, 'generation'>): boolean {
  // Releases of an older version run in Temporal's order.
  if (!generation) return holder.generation === 0;
  return generation > holder.generation;
}

export function reconcileId(releaseId: string): string {
  return `reconcile-${releaseId.replace(/^reconcile-/, '')}`;
}

export function describeHolder({ id, generation }: Holder): string {
  return generation ? `${id} (generation ${generation})` : id;
}

/** The id alone stands in the first line, as older versions wrote it. */
export function formatHolder({ id, generation }: Pick<Claimant, 'id' | 'generation'>): string {
  return generation ? `${id}\n${generation}\n` : `${id}\n`;
}

/** A generation that is not a number is a mistake. */
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
