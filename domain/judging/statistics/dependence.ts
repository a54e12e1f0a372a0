/*
 * Values that follow each other closely are alike: a queue that is long now is still long in ten seconds. Many such values
 * say as much as a few independent ones, and a test that takes them for independent alarms by chance.
 */

const FEWEST = 8;
const MOST = 0.98;

/**
 * How alike each value and the next one are: the correlation of their ranks, 0 when they are independent, almost 1 when
 * nearly all of a value stays in the next. What few values show is too low by about (1 + 4 ρ) / n (Kendall,
 * 1954), and is raised by that.
 * @param values in the order of time
 */
export function dependenceOf(values: readonly number[]): number {
  if (values.length < FEWEST) return 0;
  const ranks = centredRanks(values);
  let [products, squares] = [0, 0];
  ranks.forEach((rank, index) => {
    squares += rank * rank;
    products += rank * (ranks[index + 1] ?? 0);
  });
  if (squares === 0) return 0;
  const size = values.length;
  return Math.min(MOST, Math.max(0, ((products / squares) * size + 1) / (size - 4)));
}

/** How many times the variance of a mean is larger than that of independent values (Bayley and Hammersley, 1946). */
export function inflationOf(dependence: number): number {
  return (1 + dependence) / (1 - dependence);
}

/** Ranks less their mean; equal values have the mean of theirs. */
function centredRanks(values: readonly number[]): number[] {
  const order = values.map((_, index) => index).sort((one, other) => values[one]! - values[other]!);
  const ranks = new Array<number>(values.length).fill(0);
  for (let from = 0; from < order.length;) {
    let to = from + 1;
    while (to < order.length && values[order[to]!] === values[order[from]!]) to++;
    for (let place = from; place < to; place++) ranks[order[place]!] = (from + to - values.length) / 2;
    from = to;
  }
  return ranks;
}
