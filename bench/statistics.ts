/** What of many measurements is told. */
export interface Quantiles {
  p50: number;
  p95: number;
}

/** Nearest-rank quantile. */
export function quantile(values: number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  const value = sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)];
  if (value === undefined) throw new Error('expected measurements, seen none');
  return value;
}

export function quantiles(values: number[]): Quantiles {
  return { p50: ms(quantile(values, 0.5)), p95: ms(quantile(values, 0.95)) };
}

export function median(values: number[]): number {
  return quantile(values, 0.5);
}

/** Rounded to hundredths: more digits would be noise. */
export function ms(value: number): number {
  return Math.round(value * 100) / 100;
}
