export function mean(values: readonly number[]): number {
  // A running mean neither overflows nor loses small values.
  return values.reduce((average, value, index) => average + (value - average) / (index + 1), 0);
}

export function commonestPart(values: readonly number[]): number {
  const counts = new Map<number, number>();
  let most = 0;
  for (const value of values) {
    const count = (counts.get(value) ?? 0) + 1;
    counts.set(value, count);
    most = Math.max(most, count);
  }
  return most / values.length;
}

/** Outliers lie more than three interquartile ranges beyond the quartiles; equal quartiles have none. */
export function withoutOutliers(values: readonly number[]): number[] {
  const sorted = [...values].sort((a, b) => a - b);
  const [low, high] = [quantile(sorted, 0.25), quantile(sorted, 0.75)];
  const range = 3 * (high - low);
  return range === 0 ? [...values] : values.filter((value) => value >= low - range && value <= high + range);
}

/** It interpolates linearly, as R and NumPy do by default. */
function quantile(sorted: number[], part: number): number {
  const place = part * (sorted.length - 1);
  const below = sorted[Math.floor(place)] ?? 0;
  return below + (place % 1) * ((sorted[Math.ceil(place)] ?? 0) - below);
}
