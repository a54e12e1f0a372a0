import type { Count } from './rates';

/*
 * A test of rates that one may look at after every sample and stop at any moment: the probability that it ever alarms
 * although nothing differs stays below the level (Ville's inequality). After Lindon, Sanden and Shirikian, Rapid Regression
 * Detection in Software Deployments through Sequential Testing (KDD 2022).
 *
 * Given how many bad events an increment has, those of the canary are binomial with its share of the requests, if nothing
 * differs. Against that stands a mixture of ratios; the odds of the mixture are a martingale. Shares may change from
 * increment to increment, as they do while a canary grows. Drawing without replacement varies less than the binomial
 * (Hoeffding, 1963), so bounded counts only make the test more careful.
 */

/** Which change would be a failure. */
export type Direction = 'increase' | 'decrease' | 'either';

/** All that is known so far: plain data, so that it can be kept and given to another process. */
export interface SequentialState {
  direction: Direction;
  /** Logarithm of the odds against no difference, for each ratio that is considered. */
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

const RATIOS = [1.25, 1.5, 2, 3, 5, 10];

export function startSequential(direction: Direction): SequentialState {
  return { direction, logOdds: ratiosOf(direction).map(() => 0), pValue: 1, unusable: 0 };
}

/**
 * Adds what was counted since the last look. Several increments may be added as one, at the price of some sharpness only
 * if shares differed; an increment that is left out costs evidence, never validity.
 */
export function observe(state: SequentialState, increment: Increment): SequentialState {
  const { baseline, canary } = increment;
  if (!isUsable(baseline) || !isUsable(canary)) return { ...state, unusable: state.unusable + 1 };
  const total = baseline.total + canary.total;
  const bad = baseline.bad + canary.bad;
  if (total === 0 || bad === 0) return state;
  const share = canary.total / total;
  const logOdds = ratiosOf(state.direction).map(
    (ratio, index) => state.logOdds[index]! + canary.bad * Math.log(ratio) - bad * Math.log1p(share * (ratio - 1)),
  );
  return { ...state, logOdds, pValue: Math.min(state.pValue, 1 / mixture(logOdds)) };
}

/** Whether a difference may be called one at this level, such as 0.01. */
export function isDifferent({ pValue }: SequentialState, level: number): boolean {
  return pValue <= level;
}

function ratiosOf(direction: Direction): number[] {
  const less = RATIOS.map((ratio) => 1 / ratio);
  if (direction === 'either') return [...RATIOS, ...less];
  return direction === 'increase' ? RATIOS : less;
}

function mixture(logOdds: number[]): number {
  return logOdds.reduce((sum, one) => sum + Math.exp(one), 0) / logOdds.length;
}

function isUsable({ bad, total }: Count): boolean {
  return bad >= 0 && bad <= total && Number.isFinite(total);
}
