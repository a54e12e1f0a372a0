/* The standard normal distribution, to about 14 digits. */

/** Probability that a standard normal value is greater than `z`. */
export function normalTail(z: number): number {
  const x = Math.abs(z) / Math.SQRT2;
  const tail = x < 2.5 ? 0.5 - erfSeries(x) / 2 : erfcFraction(x) / 2;
  return z < 0 ? 1 - tail : tail;
}

/**
 * The value that a standard normal one exceeds with this probability.
 * @param tail above 0 and below 1
 */
export function normalQuantile(tail: number): number {
  let [below, above] = [-40, 40];
  for (let step = 0; step < 100; step++) {
    const middle = (below + above) / 2;
    if (normalTail(middle) > tail) below = middle;
    else above = middle;
  }
  return (below + above) / 2;
}

/**
 * The probability on one side that leaves this confidence between both, when only a part of what is seen may count: a
 * difference of so many standard deviations must be certain even if `tolerance` of it were chance.
 * @param confidence above 0.5 and below 1
 */
export function strictTail(confidence: number, tolerance: number): number {
  return normalTail(normalQuantile((1 - confidence) / 2) / (1 - tolerance));
}

/** erf by its series without cancellation (Abramowitz and Stegun 7.1.6). */
function erfSeries(x: number): number {
  let term = x;
  let sum = x;
  for (let n = 1; term > sum * 1e-17; n++) {
    term *= (2 * x * x) / (2 * n + 1);
    sum += term;
  }
  return (2 / Math.sqrt(Math.PI)) * Math.exp(-x * x) * sum;
}

/** 1 − erf by its continued fraction (Abramowitz and Stegun 7.1.14), from the inside out. */
function erfcFraction(x: number): number {
  let inner = x;
  for (let n = 80; n >= 1; n--) inner = x + n / 2 / inner;
  return Math.exp(-x * x) / Math.sqrt(Math.PI) / inner;
}
