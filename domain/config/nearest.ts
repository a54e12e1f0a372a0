/** Finds the candidate that differs least; undefined when none is close enough to have been meant. */
export function nearest(word: string, candidates: string[]): string | undefined {
  const most = Math.max(1, Math.floor(word.length / 3));
  const near = candidates
    .map((candidate) => ({ candidate, distance: distance(word.toLowerCase(), candidate.toLowerCase()) }))
    .filter((one) => one.distance <= most)
    .sort((one, other) => one.distance - other.distance);
  return near[0]?.candidate;
}

/** Counts the letters to add, remove, replace or swap with a neighbour (optimal string alignment). */
function distance(one: string, other: string): number {
  let before: number[] = [];
  let last = Array.from({ length: other.length + 1 }, (_, column) => column);
  for (let row = 1; row <= one.length; row++) {
    const next = [row];
    for (let column = 1; column <= other.length; column++) {
      const same = one[row - 1] === other[column - 1];
      const steps = [last[column]! + 1, next[column - 1]! + 1, last[column - 1]! + (same ? 0 : 1)];
      const swapped = one[row - 1] === other[column - 2] && one[row - 2] === other[column - 1];
      if (swapped) steps.push(before[column - 2]! + 1);
      next.push(Math.min(...steps));
    }
    [before, last] = [last, next];
  }
  return last[other.length]!;
}
