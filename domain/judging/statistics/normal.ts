// The results have about 14 digits.

export function normalTail(z: number): number {
  const x = Math.abs(z) / Math.SQRT2;
  const tail = x < 2.5 ? 0.5 - erfSeries(x) / 2 : erfcFraction(x) / 2;
  return z < 0 ? 1 - tail : tail;
}

export function normalQuantile(tail: number): number {
  let [below, above] = [-40, 40];
  for (let step = 0; step < 100; step++) {
    const middle = (below + above) / 2;
    if (middle === below || middle === above) break;
    if (normalTail(middle) > tail) below = middle;
    else above = middle;
  }
  return (below + above) / 2;
}

/** Returns the tail for a confidence when a part `tolerance` of the difference may be chance. */
export function strictTail(confidence: number, tolerance: number): number {
  return normalTail(normalQuantile((1 - confidence) / 2) / (1 - tolerance));
}

/** Abramowitz and Stegun 7.1.6, a series without cancellation. */
function erfSeries(x: number): number {
  let term = x;
  let sum = x;
  for (let n = 1; term > sum * 1e-17; n++) {
    term *= (2 * x * x) / (2 * n + 1);
    sum += term;
  }
  return (2 / Math.sqrt(Math.PI)) * Math.exp(-x * x) * sum;
}

/** Abramowitz and Stegun 7.1.14, from the inside out. */
function erfcFraction(x: number): number {
  let inner = x;
  for (let n = 80; n >= 1; n--) inner = x + n / 2 / inner;
  return Math.exp(-x * x) / Math.sqrt(Math.PI) / inner;
}
