import { proportionInterval, type Interval } from './proportion';

export interface Count {
  bad: number;
  total: number;
}

/**
 * The exact interval of the ratio x by y: given all bad events, those of x are binomial (Przyborowski and Wilenski,
 * 1940). Without bad events of y `upper` is null, without any both are. It is wider than needed when rates are near 1.
 */
export function rateRatioInterval(x: Count, y: Count, confidence: number): Interval {
  const bad = x.bad + y.bad;
  if (bad === 0) return { lower: null, upper: null };
  const share = proportionInterval(x.bad, bad, confidence);
  const ratio = (part: number): number => (part / (1 - part)) * (y.total / x.total);
  return { lower: ratio(share.lower), upper: share.upper === 1 ? null : ratio(share.upper) };
}
