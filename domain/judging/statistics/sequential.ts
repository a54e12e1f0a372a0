import type { Count } from './rates';

// One may look at this test after every sample: it ever alarms without cause with at most the level (Ville's
// inequality). After Lindon, Sanden and Shirikian, Rapid Regression Detection in Software Deployments through
// Sequential Testing (KDD 2022). At `against` times the baseline's rate, a bad event is the canary's with probability
// s, its share weighted by `against`. At r times that, a bad event of the canary changes the odds by r / A, one of the
// baseline by 1 / A, A = 1 + s (r − 1). As log(1 + x) ≤ x, the expected change is at most 1 for every rate within what
// is tested: odds and their mixtures are supermartingales, and rates and shares may change between increments.

export type Direction = 'increase' | 'decrease' | 'either';

/** Plain data, so that it can be kept and given to another process. */
export interface SequentialState {
  direction: Direction;
  /** Nothing is found up to this ratio of the rates, canary by baseline; with `decrease`, from it on. */
  against: number;
  logOdds: readonly number[];
  pValue: number;
  /** Increments that were no evidence: a counter fell, or had more bad events than events. */
  unusable: number;
}

export interface Increment {
  baseline: Count;
  canary: Count;
}

/** Ratios beyond `against`, and the part of the odds that is bet on each. */
const RATIOS = [
  { ratio: 1.25, weight: 0.05 },
  { ratio: 1.5, weight: 0.15 },
  { ratio: 2, weight: 0.45 },
  { ratio: 3, weight: 0.2 },
  { ratio: 5, weight: 0.1 },
  { ratio: 10, weight: 0.05 },
];

interface Bet {
  ratio: number;
  weight: number;
}

const MORE: readonly Bet[] = RATIOS;
const LESS: readonly Bet[] = RATIOS.map(({ ratio, weight }) => ({ ratio: 1 / ratio, weight }));
const BETS: Readonly<Record<Direction, readonly Bet[]>> = {
  increase: MORE,
  decrease: LESS,
  either: [...MORE, ...LESS].map(({ ratio, weight }) => ({ ratio, weight: weight / 2 })),
};

/** @param against 1.5 finds rates surely above 1.5 times the baseline's (`increase`), or below (`decrease`) */
export function startSequential(direction: Direction, against = 1): SequentialState {
  return { direction, against, logOdds: BETS[direction].map(() => 0), pValue: 1, unusable: 0 };
}

/** Increments may be added up first at some cost of sharpness; one that is left out costs evidence, never validity. */
export function observe(state: SequentialState, increment: Increment): SequentialState {
  const { baseline, canary } = increment;
  if (!isUsable(baseline) || !isUsable(canary)) return { ...state, unusable: state.unusable + 1 };
  const bad = baseline.bad + canary.bad;
  if (baseline.total === 0 || canary.total === 0 || bad === 0) return state;
  const logOdds = BETS[state.direction].map(({ ratio }, index) => {
    const exposure = borderOf(state, ratio) * canary.total;
    const share = exposure / (exposure + baseline.total);
    return state.logOdds[index]! + canary.bad * Math.log(ratio) - bad * Math.log1p(share * (ratio - 1));
  });
  const after = { ...state, logOdds };
  return { ...after, pValue: Math.min(state.pValue, jointPValue([after])) };
}

export function jointPValue(states: readonly SequentialState[]): number {
  const [first] = states;
  if (!first) return 1;
  return mixedPValue(
    first.logOdds.map((_, index) => states.reduce((sum, { logOdds }) => sum + logOdds[index]!, 0)),
    BETS[first.direction],
  );
}

export function mixedPValue(logOdds: readonly number[], bets: readonly { weight: number }[]): number {
  return Math.min(1, 1 / logOdds.reduce((sum, one, index) => sum + bets[index]!.weight * Math.exp(one), 0));
}

/** Tests, at any moment, that events are bad at a rate of at least `limit`. */
export function pValueOfRate({ bad, total }: Count, limit: number): number {
  const bets = [0, 0.2, 0.5].map((part) => ({ part, weight: 1 / 3 }));
  const logOdds = bets.map(({ part }) => {
    const good = (total - bad) * (Math.log1p(-part * limit) - Math.log1p(-limit));
    return bad === 0 ? good : good + bad * Math.log(part);
  });
  return mixedPValue(logOdds, bets);
}

/** For `either` it is the greater or the smaller of `against` and its inverse. */
function borderOf({ direction, against }: SequentialState, ratio: number): number {
  if (direction !== 'either') return against;
  return ratio > 1 ? Math.max(against, 1 / against) : Math.min(against, 1 / against);
}

function isUsable({ bad, total }: Count): boolean {
  return bad >= 0 && bad <= total && Number.isFinite(total);
}
