import { logGamma } from './proportion';

interface Part {
  count: number;
  of: number;
}

/** Fisher's exact test (1935), one-sided: the chance never grows when x has more marked values, or y fewer. */
export function chanceOfMore(x: Part, y: Part): number {
  const marked = x.count + y.count;
  const most = Math.min(x.of, marked);
  const all = logChoose(x.of + y.of, marked);
  let sum = 0;
  for (let count = x.count; count <= most; count++)
    sum += Math.exp(logChoose(x.of, count) + logChoose(y.of, marked - count) - all);
  return Math.min(1, sum);
}

function logChoose(all: number, some: number): number {
  if (some < 0 || some > all) return -Infinity;
  return logGamma(all + 1) - logGamma(some + 1) - logGamma(all - some + 1);
}
