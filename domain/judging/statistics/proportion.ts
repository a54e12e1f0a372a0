export interface Interval {
  lower: number | null;
  upper: number | null;
}

/** The exact interval of Clopper and Pearson (1934): each side misses with at most half of 1 − confidence. */
export function proportionInterval(
  successes: number,
  trials: number,
  confidence: number,
): { lower: number; upper: number } {
  const miss = (1 - confidence) / 2;
  const failures = trials - successes;
  return {
    lower: successes === 0 ? 0 : betaQuantile(miss, successes, failures + 1),
    upper: failures === 0 ? 1 : betaQuantile(1 - miss, successes + 1, failures),
  };
}

/** This is Newton's method on the logarithm, which is concave, so that it needs few steps; where it leaves the bracket, halves. */
function betaQuantile(probability: number, a: number, b: number): number {
  const log = logBeta(a, b);
  let [below, above] = [0, 1];
  let x = a / (a + b);
  while (above - below > above * 1e-13) {
    const reached = betaBelow(x, a, b, log);
    if (reached < probability) below = x;
    else above = x;
    const density = Math.exp((a - 1) * Math.log(x) + (b - 1) * Math.log1p(-x) - log);
    const next = x - (reached / density) * Math.log(reached / probability);
    if (Math.abs(next - x) <= x * 1e-14) return next;
    x = next > below && next < above ? next : (below + above) / 2;
    if (x === below || x === above) break;
  }
  return (below + above) / 2;
}

/** @param logOfBeta for whoever asks for many `x`, since most of the time goes into it */
export function betaBelow(x: number, a: number, b: number, logOfBeta = logBeta(a, b)): number {
  if (x <= 0) return 0;
  if (x >= 1) return 1;
  // The fraction converges fast on this side of the mean only.
  if (x > (a + 1) / (a + b + 2)) return 1 - betaBelow(1 - x, b, a, logOfBeta);
  const log = a * Math.log(x) + b * Math.log1p(-x) - logOfBeta;
  return (Math.exp(log) * betaFraction(x, a, b)) / a;
}

/** This follows DLMF 8.17.22 and the method of Lentz. */
function betaFraction(x: number, a: number, b: number): number {
  const away = (value: number): number => (Math.abs(value) < 1e-300 ? 1e-300 : value);
  let c = 1;
  let d = 1 / away(1 - ((a + b) * x) / (a + 1));
  let result = d;
  const most = 200 + 10 * Math.sqrt(Math.max(a, b));
  for (let m = 1; m < most; m++) {
    for (const numerator of [
      (m * (b - m) * x) / ((a + 2 * m - 1) * (a + 2 * m)),
      (-(a + m) * (a + b + m) * x) / ((a + 2 * m) * (a + 2 * m + 1)),
    ]) {
      d = 1 / away(1 + numerator * d);
      c = away(1 + numerator / c);
      result *= c * d;
    }
    if (Math.abs(c * d - 1) < 1e-15) break;
  }
  return result;
}

function logBeta(a: number, b: number): number {
  return logGamma(a) + logGamma(b) - logGamma(a + b);
}

/** This is Stirling's series (DLMF 5.11.1), for positive values. */
export function logGamma(value: number): number {
  let x = value;
  let shift = 0;
  while (x < 12) shift += Math.log(x++);
  const x2 = x * x;
  const series = (1 / 12 - (1 / 360 - (1 / 1260 - (1 / 1680 - 1 / (1188 * x2)) / x2) / x2) / x2) / x;
  return (x - 0.5) * Math.log(x) - x + Math.log(2 * Math.PI) / 2 + series - shift;
}
