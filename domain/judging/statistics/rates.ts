import { proportionInterval, type Interval } from './proportion';

export interface Count {
  bad: number;
  total: number;
}

/**
 * The exact interval of the ratio of two rates, x by y: given how many bad events there are in all, those of x are
 * binomial (Przyborowski and Wilenski, 1940), so it holds for few events and for none alike. Careful (wider than needed)
 * when rates are near 1.
 * @returns null for `upper` when y has no bad event, and for both when neither has
 */
export function rateRatioInterval(x: Count, y: Count, confidence: number): Interval {
  const bad = x.bad + y.bad;
  if (bad === 0) return { lower: null, upper: null };
  const share = proportionInterval(x.bad, bad, confidence);
  const ratio = (part: number): number => (part / (1 - part)) * (y.total / x.total);
  return { lower: ratio(share.lower), upper: share.upper === 1 ? null : ratio(share.upper) };
}
