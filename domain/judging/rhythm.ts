/*
 * A source that does not say when it measured may answer an old number again, or a new one that is the same. Time tells them
 * apart: a source measures both versions in one rhythm, which is no slower than the shortest time in which the number of
 * either changed twice.
 */

type Side = 'canary' | 'baseline';

export interface Rhythm {
  /** What each version showed last, and when that changed, ms; it never did where the time is absent. */
  last: Partial<Record<Side, { value: number; changed?: number }>>;
  shortest?: number;
}

const EARLY = 0.1;

/**
 * Adds what was read of the versions whose source does not say when it measured.
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
    // Nobody knows for how long the first one had been there.
    rhythm.last[side] = known ? { value, changed: at } : { value };
    if (known?.changed !== undefined) rhythm.shortest = Math.min(rhythm.shortest ?? Infinity, at - known.changed);
  }
  if (taken === undefined) return { rhythm, isNew: true };
  const { shortest } = rhythm;
  return { rhythm, isNew: shortest === undefined ? isChanged : at - taken >= (1 - EARLY) * shortest };
}
