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

/** Which change would be a failure. */
export type Direction = 'increase' | 'decrease' | 'either';

/** All that is known so far: plain data, so that it can be kept and given to another process. */
export interface SequentialState {
  direction: Direction;
  /** The ratio of the canary's rate to the baseline's up to which (`decrease`: from which on) nothing is found. */
  against: number;
  /** Logarithm of the odds against that, for each ratio that is considered. */
  logOdds: readonly number[];
  /** The smallest p-value so far, valid at any moment. */
  pValue: number;
  /** Increments that were no evidence: a counter fell, or had more bad events than events. */
  unusable: number;
}

/** What was counted since the last look. */
export interface Increment {
  baseline: Count;
  canary: Count;
}

/** What is considered beyond `against`, by how much of the odds is bet on it. */
const RATIOS = [
  { ratio: 1.25, weight: 0.1 },
  { ratio: 1.5, weight: 0.2 },
  { ratio: 2, weight: 0.3 },
  { ratio: 3, weight: 0.2 },
  { ratio: 5, weight: 0.1 },
  { ratio: 10, weight: 0.1 },
];

/**
 * @param against such as 1.5 with `increase`: only rates that are surely more than 1.5 times the baseline's are found;
 *   with `decrease`, rates that are surely less than that, so that the canary is not so much worse. With `either`,
 *   rates that are surely not between it and its inverse
 */
export function startSequential(direction: Direction, against = 1): SequentialState {
  return { direction, against, logOdds: betsOn(direction, against).map(() => 0), pValue: 1, unusable: 0 };
}

/**
 * Adds what was counted since the last look. Several increments may be added as one, at the price of some sharpness only
 * if shares differed; an increment that is left out costs evidence, never validity.
 */
export function observe(state: SequentialState, increment: Increment): SequentialState {
  const { baseline, canary } = increment;
  if (!isUsable(baseline) || !isUsable(canary)) return { ...state, unusable: state.unusable + 1 };
  const bad = baseline.bad + canary.bad;
  // One side alone says nothing.
  if (baseline.total === 0 || canary.total === 0 || bad === 0) return state;
  const logOdds = betsOn(state.direction, state.against).map(({ ratio, against }, index) => {
    const exposure = against * canary.total;
    const share = exposure / (exposure + baseline.total);
    return state.logOdds[index]! + canary.bad * Math.log(ratio) - bad * Math.log1p(share * (ratio - 1));
  });
  const after = { ...state, logOdds };
  return { ...after, pValue: Math.min(state.pValue, jointPValue([after])) };
}

/** Whether a difference may be called one at this level, such as 0.01. */
export function isDifferent({ pValue }: Pick<SequentialState, 'pValue'>, level: number): boolean {
  return pValue <= level;
}

/** The p-value at this moment of tests of one kind taken as one, such as of all services, whatever the share of each. */
export function jointPValue(states: readonly SequentialState[]): number {
  const [first] = states;
  if (!first) return 1;
  const bets = betsOn(first.direction, first.against);
  return pValueOf(
    bets.map((_, index) => states.reduce((sum, { logOdds }) => sum + logOdds[index]!, 0)),
    bets.map(({ weight }) => weight),
  );
}

/** The p-value of a mixture of odds against the same hypothesis; weights add up to 1. */
export function pValueOf(logOdds: readonly number[], weights: readonly number[]): number {
  return Math.min(1, 1 / logOdds.reduce((sum, one, index) => sum + weights[index]! * Math.exp(one), 0));
}

/**
 * The p-value, valid at any moment, of the hypothesis that events are bad at a rate of at least `limit`: small when they
 * surely are not.
 */
export function pValueOfRate({ bad, total }: Count, limit: number): number {
  const parts = [0, 0.2, 0.5];
  const logOdds = parts.map((part) => {
    const good = (total - bad) * (Math.log1p(-part * limit) - Math.log1p(-limit));
    return bad === 0 ? good : good + bad * Math.log(part);
  });
  return pValueOf(
    logOdds,
    parts.map(() => 1 / parts.length),
  );
}

interface Bet {
  ratio: number;
  against: number;
  weight: number;
}

function betsOn(direction: Direction, against: number): Bet[] {
  const more = RATIOS.map((one) => ({ ...one, against }));
  if (direction === 'increase') return more;
  const less = RATIOS.map(({ ratio, weight }) => ({ ratio: 1 / ratio, weight, against }));
  if (direction === 'decrease') return less;
  const [high, low] = [Math.max(against, 1 / against), Math.min(against, 1 / against)];
  return [
    ...more.map((bet) => ({ ...bet, against: high, weight: bet.weight / 2 })),
    ...less.map((bet) => ({ ...bet, against: low, weight: bet.weight / 2 })),
  ];
}

function isUsable({ bad, total }: Count): boolean {
  return bad >= 0 && bad <= total && Number.isFinite(total);
}
