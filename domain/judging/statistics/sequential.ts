import type { Count } from './rates';

/*
 * A test of rates that one may look at after every sample and stop at any moment: the probability that it ever alarms
 * although there is nothing to find stays below the level (Ville's inequality). After Lindon, Sanden and Shirikian, Rapid
 * Regression Detection in Software Deployments through Sequential Testing (KDD 2022).
 *
 * If the canary's rate is `against` times the baseline's, a bad event is the canary's with probability s, its share of the
 * requests weighted by `against`. If it is r times that, the odds change by r / A for a bad event of the canary and by
 * 1 / A for one of the baseline, A = 1 + s (r − 1). The expected product over an increment is at most 1 for every rate
 * that does not exceed what is tested, whatever the share, since log(1 + x) ≤ x: so odds multiply to a supermartingale, and
 * rates and shares may change from increment to increment. A mixture of ratios is one too.
 */

export type Direction = 'increase' | 'decrease' | 'either';

/** All that is known so far: plain data, so that it can be kept and given to another process. */
export interface SequentialState {
  direction: Direction;
  /** The ratio of the canary's rate to the baseline's up to which (`decrease`: from which on) nothing is found. */
  against: number;
  /** Logarithm of the odds against that, for each ratio that is considered. */
  logOdds: readonly number[];
  pValue: number;
  /** Increments that were no evidence: a counter fell, or had more bad events than events. */
  unusable: number;
}

export interface Increment {
  baseline: Count;
  canary: Count;
}

/** Ratios beyond `against` that are considered, and the part of the odds that is bet on each. */
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

/**
 * @param against such as 1.5 with `increase`: only rates that are surely more than 1.5 times the baseline's are found;
 *   with `decrease`, rates that are surely less than that, so that the canary is not so much worse. With `either`,
 *   rates that are surely not between it and its inverse
 */
export function startSequential(direction: Direction, against = 1): SequentialState {
  return { direction, against, logOdds: BETS[direction].map(() => 0), pValue: 1, unusable: 0 };
}

/**
 * Adds what was counted since the last look. Several increments may be added as one, at the price of some sharpness only
 * if shares differed; an increment that is left out costs evidence, never validity.
 */
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

/** The p-value at this moment of tests of one kind taken as one, such as of all services, whatever the share of each. */
export function jointPValue(states: readonly SequentialState[]): number {
  const [first] = states;
  if (!first) return 1;
  return mixedPValue(
    first.logOdds.map((_, index) => states.reduce((sum, { logOdds }) => sum + logOdds[index]!, 0)),
    BETS[first.direction],
  );
}

/** The p-value of a mixture of odds against the same hypothesis; weights add up to 1. */
export function mixedPValue(logOdds: readonly number[], bets: readonly { weight: number }[]): number {
  return Math.min(1, 1 / logOdds.reduce((sum, one, index) => sum + bets[index]!.weight * Math.exp(one), 0));
}

/**
 * The p-value, valid at any moment, of the hypothesis that events are bad at a rate of at least `limit`: small when they
 * surely are not.
 */
export function pValueOfRate({ bad, total }: Count, limit: number): number {
  const bets = [0, 0.2, 0.5].map((part) => ({ part, weight: 1 / 3 }));
  const logOdds = bets.map(({ part }) => {
    const good = (total - bad) * (Math.log1p(-part * limit) - Math.log1p(-limit));
    return bad === 0 ? good : good + bad * Math.log(part);
  });
  return mixedPValue(logOdds, bets);
}

/** What is tested against: for `either`, more than the greater and less than the smaller of `against` and its inverse. */
function borderOf({ direction, against }: SequentialState, ratio: number): number {
  if (direction !== 'either') return against;
  return ratio > 1 ? Math.max(against, 1 / against) : Math.min(against, 1 / against);
}

function isUsable({ bad, total }: Count): boolean {
  return bad >= 0 && bad <= total && Number.isFinite(total);
}
