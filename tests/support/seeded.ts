/** Numbers from 0 up to 1 that look random, the same ones for the same seed (mulberry32). */
export function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** A standard normal number, by the method of Box and Muller. */
export function normal(random: () => number): number {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}

const MOST_AT_ONCE = 500;

/** How many of `trials` succeed, by walking the distribution: one random number instead of one for each trial. */
export function binomial(trials: number, probability: number, random: () => number): number {
  // So many at once that no probability is too small for a number.
  if (trials > MOST_AT_ONCE) {
    return binomial(MOST_AT_ONCE, probability, random) + binomial(trials - MOST_AT_ONCE, probability, random);
  }
  if (probability > 0.5) return trials - binomial(trials, 1 - probability, random);
  let left = random();
  let mass = (1 - probability) ** trials;
  for (let successes = 0; successes < trials; successes++) {
    left -= mass;
    if (left < 0) return successes;
    mass *= (((trials - successes) / (successes + 1)) * probability) / (1 - probability);
  }
  return trials;
}

/**
 * The most failures in so many runs that a right method may have: when each fails with probability `rate`, chance gives
 * more in fewer than one of a thousand tests. How often a wrong method passes is `atMost` of this with its own rate.
 */
export function mostByChance(runs: number, rate: number): number {
  let most = 0;
  while (atMost(most, runs, rate) < 0.999) most++;
  return most;
}

/** Probability of at most so many failures in so many runs. */
export function atMost(failures: number, runs: number, rate: number): number {
  let mass = (1 - rate) ** runs;
  let sum = mass;
  for (let each = 0; each < failures; each++) {
    mass *= (((runs - each) / (each + 1)) * rate) / (1 - rate);
    sum += mass;
  }
  return sum;
}
