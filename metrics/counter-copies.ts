import type { Sample } from './counter';

/*
 * Two Prometheus that scrape the same process (for high availability, or by two jobs) count every event twice. Their series
 * have the same labels but one, never the same timestamps, since each scrapes in a rhythm of its own, and their values lie
 * between each other's. What one Prometheus scrapes at once has one timestamp.
 */

export interface Sampled {
  key: string;
  labels: Record<string, string>;
  samples: readonly Sample[];
}

/** Pairs of series that are one counter seen twice. */
export function copiesIn(all: readonly Sampled[]): [key: string, copy: string][] {
  const byProcess = new Map<string, Sampled[]>();
  for (const one of all) {
    const { instance } = one.labels;
    if (instance === undefined || one.samples.length === 0) continue;
    const process = JSON.stringify([instance, one.labels.__name__]);
    byProcess.set(process, [...(byProcess.get(process) ?? []), one]);
  }
  return [...byProcess.values()].flatMap(pairsOf);
}

function pairsOf(group: Sampled[]): [string, string][] {
  return group.flatMap((one, index) =>
    group.slice(index + 1).flatMap((other): [string, string][] => (isCopy(one, other) ? [[one.key, other.key]] : [])),
  );
}

function isCopy(one: Sampled, other: Sampled): boolean {
  const names = new Set([...Object.keys(one.labels), ...Object.keys(other.labels)]);
  const different = [...names].filter((name) => one.labels[name] !== other.labels[name]);
  if (different.length !== 1) return false;
  const times = new Set(one.samples.map(([time]) => time));
  return !other.samples.some(([time]) => times.has(time)) && areInterleaved(one.samples, other.samples);
}

/** In a tenth of the steps values may be out of order, as scrapes take different times. */
const MOST_OUT_OF_ORDER = 0.1;

function areInterleaved(one: readonly Sample[], other: readonly Sample[]): boolean {
  const merged = [...one, ...other].sort(([a], [b]) => a - b);
  const falls = (samples: readonly Sample[]): number =>
    samples.filter(([, value], index) => index > 0 && value < samples[index - 1]![1]).length;
  return falls(merged) <= falls(one) + falls(other) + MOST_OUT_OF_ORDER * merged.length;
}
