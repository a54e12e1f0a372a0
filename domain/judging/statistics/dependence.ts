// Values in close succession are alike: a queue that is long now still is in ten seconds. They say as much as fewer
// independent ones, and a test that takes them for independent alarms by chance.

const FEWEST = 8;
const MOST = 0.98;

/**
 * Correlates the ranks of each value and the next: 0 when independent, almost 1 when nearly all stays. Few values show
 * too little by about (1 + 4 ρ) / n (Kendall, 1954), which is added.
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

/** Returns by how much the variance of a mean is larger than with independent values (Bayley and Hammersley, 1946). */
export function inflationOf(dependence: number): number {
  return (1 + dependence) / (1 - dependence);
}

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
