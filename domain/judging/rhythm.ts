// A source without times may repeat an old number, or measure the same again. It measures both versions in one rhythm,
// no slower than the shortest time between two changes of either.

type Side = 'canary' | 'baseline';

export interface Rhythm {
  /** The number that each version showed last, and when it changed, ms; absent before the first change. */
  last: Partial<Record<Side, { value: number; changed?: number }>>;
  shortest?: number;
}

const EARLY = 0.1;

/** @returns true when newer than the evidence of `taken` (ms); while the rhythm is unknown only a change shows it */
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
    rhythm.last[side] = known ? { value, changed: at } : { value };
    if (known?.changed !== undefined) rhythm.shortest = Math.min(rhythm.shortest ?? Infinity, at - known.changed);
  }
  if (taken === undefined) return { rhythm, isNew: true };
  const { shortest } = rhythm;
  return { rhythm, isNew: shortest === undefined ? isChanged : at - taken >= (1 - EARLY) * shortest };
}
