import type { Sample } from './counter';

// Two Prometheus that scrape one process (for high availability, or by two jobs) count its events twice. Their series
// differ in one label, have no timestamp in common, and their values interleave. One scrape has one timestamp.

export interface Sampled {
  key: string;
  labels: Record<string, string>;
  samples: readonly Sample[];
}

/** More rhythms of scrapes than this are something else than copies. */
const MOST_RHYTHMS = 10;

/** Finds series that are one counter seen twice: they differ in one label and share no scrape. */
export function copiesIn(all: readonly Sampled[]): [key: string, copy: string][] {
  const sampled = all.filter(({ labels, samples }) => labels.instance !== undefined && samples.length > 0);
  const processes = grouped(sampled, ({ labels }) => [JSON.stringify([labels.instance, labels.__name__])]);
  return processes.flatMap(copiesOfProcess);
}

function copiesOfProcess(group: Sampled[]): [string, string][] {
  const rhythms = rhythmsOf(group);
  const names = [...new Set(group.flatMap(({ labels }) => Object.keys(labels)))].sort();
  const places = grouped([...group.keys()], (place) => withoutEach(group[place]!.labels, names));
  const pairs = places.flatMap((alike) => {
    const byRhythm = grouped(alike, (place) => [rhythms[place]!]);
    if (byRhythm.length > MOST_RHYTHMS) return [];
    return byRhythm.flatMap((some, index) => some.flatMap((one) => pairsWith(one, byRhythm.slice(index + 1).flat())));
  });
  return pairs
    .filter(([one, other]) => areInterleaved(group[one]!.samples, group[other]!.samples))
    .sort(([one, copy], [another, further]) => one - another || copy - further)
    .map(([one, other]) => [group[one]!.key, group[other]!.key]);
}

function pairsWith(one: number, others: number[]): [number, number][] {
  return others.map((other) => (one < other ? [one, other] : [other, one]));
}

function withoutEach(labels: Sampled['labels'], names: readonly string[]): string[] {
  const values = names.map((name) => labels[name] ?? '');
  return names.map((_, index) => JSON.stringify([index, values.with(index, '')]));
}

/** Groups series by who scrapes them: those share a timestamp, directly or through others. */
function rhythmsOf(group: Sampled[]): number[] {
  const rhythms = group.map((_, place) => place);
  const rootOf = (place: number): number => {
    while (rhythms[place] !== place) place = rhythms[place] = rhythms[rhythms[place]!]!;
    return place;
  };
  const firstAt = new Map<number, number>();
  for (const [place, { samples }] of group.entries())
    for (const [time] of samples) {
      const first = firstAt.get(time);
      if (first === undefined) firstAt.set(time, place);
      else rhythms[rootOf(place)] = rootOf(first);
    }
  return group.map((_, place) => rootOf(place));
}

function grouped<T, K>(all: readonly T[], keysOf: (one: T) => readonly K[]): T[][] {
  const groups = new Map<K, T[]>();
  for (const one of all)
    for (const key of keysOf(one)) {
      const group = groups.get(key);
      if (group) group.push(one);
      else groups.set(key, [one]);
    }
  return [...groups.values()];
}

/** Scrapes take different times, so some values may be out of order. */
const MOST_OUT_OF_ORDER = 0.1;

function areInterleaved(one: readonly Sample[], other: readonly Sample[]): boolean {
  const merged = [...one, ...other].sort(([a], [b]) => a - b);
  const falls = (samples: readonly Sample[]): number =>
    samples.filter(([, value], index) => index > 0 && value < samples[index - 1]![1]).length;
  return falls(merged) <= falls(one) + falls(other) + MOST_OUT_OF_ORDER * merged.length;
}
