/*
 * How often a source measures that does not say when it did. One that keeps what it measured for a while answers the same
 * number several times; but a number may also really stay, such as that of a version which is stuck. So not the number
 * tells what is new, but the time: a source measures both versions in one rhythm, and it is no slower than the shortest
 * time in which the number of either changed twice.
 */

type Side = 'canary' | 'baseline';

export interface Rhythm {
  /** What each version showed last, and when that changed, ms; it never did where the time is absent. */
  last: Partial<Record<Side, { value: number; changed?: number }>>;
  /** Shortest time between two changes of one version, ms; absent before there were two. */
  shortest?: number;
}

/** A reading may come this much earlier than the one before did. */
const EARLY = 0.1;

/**
 * Adds what was read of the versions whose source does not say when it measured.
 * @param at when it was read, ms
 * @param taken when the last evidence was taken, ms; undefined without any
 * @returns whether it was measured after that. While the rhythm is not known, only what changes shows that it was
 */
export function listen(
  before: Rhythm | undefined,
  readings: readonly (readonly [side: Side, value: number])[],
  at: number,
  taken: number | undefined,
): { rhythm: Rhythm; isNew: boolean } {
  const rhythm: Rhythm = { ...before, last: { ...before?.last } };
  let isChanged = false;
  for (const [side, value] of readings) {
    const known = rhythm.last[side];
    if (known?.value === value) continue;
    isChanged = true;
    // How long the first one had been there already, nobody knows.
    rhythm.last[side] = known ? { value, changed: at } : { value };
    if (known?.changed !== undefined) rhythm.shortest = Math.min(rhythm.shortest ?? Infinity, at - known.changed);
  }
  if (taken === undefined) return { rhythm, isNew: true };
  const { shortest } = rhythm;
  return { rhythm, isNew: shortest === undefined ? isChanged : at - taken >= (1 - EARLY) * shortest };
}
