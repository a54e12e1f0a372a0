import { copiesIn, type Sampled } from './counter-copies';
import { follow, isNoCounter, startCounter, type Counter } from './counter';

/** Samples are in order of time. */
export interface CounterSeries extends Sampled {
  term: number;
}

export interface Rises {
  rises: number[];
  falls: number;
  appearedWith: number;
  odd?: { labels: Record<string, string>; falls: number; steps: number };
  newest: number | undefined;
}

/** Follows the counters of queries. Pieces that are read may overlap: nothing late is lost or counted twice. */
export class Counters {
  private readonly known = new Map<string, Counter & { term: number }>();
  private readonly copies = new Map<string, string>();

  constructor(readonly began: number) {}

  appearing(batch: readonly CounterSeries[]): CounterSeries[] {
    return batch.filter(({ key, samples: [first] }) => first && first[0] > this.began && !this.known.has(key));
  }

  /** @returns true when a series of the same scrape was known before */
  siblings(batch: readonly CounterSeries[]): (one: CounterSeries) => boolean {
    const since = new Map<string, number>();
    const scrape = ({ job, instance }: CounterSeries['labels'], time: number) => JSON.stringify([job, instance, time]);
    for (const { key, labels, samples } of batch) {
      // Without its address nobody knows what was scraped.
      if (labels.instance === undefined || samples.length === 0) continue;
      const first = Math.min(samples[0]![0], this.known.get(key)?.first ?? Infinity);
      for (const [time] of samples) {
        const at = scrape(labels, time);
        since.set(at, Math.min(first, since.get(at) ?? Infinity));
      }
    }
    return ({ labels, samples: [first] }) =>
      first !== undefined && (since.get(scrape(labels, first[0])) ?? Infinity) < first[0];
  }

  /** @param born keys of the series that surely were zero before their first sample */
  add(batch: readonly CounterSeries[], born: ReadonlySet<string>): void {
    for (const { key, term, labels, samples } of batch) {
      for (const sample of samples) {
        const counter = this.known.get(key);
        if (!counter) this.known.set(key, { ...startCounter(labels, sample, born.has(key), this.began), term });
        else if (sample[0] > counter.last) follow(counter, sample, this.began);
      }
    }
    for (const [key, copy] of copiesIn(batch.map((one) => ({ ...one, labels: { ...one.labels, '': `${one.term}` } }))))
      if (!this.copies.has(copy)) this.copies.set(copy, this.copies.get(key) ?? key);
  }

  newestByTarget(): Map<string, number> {
    const newest = new Map<string, number>();
    for (const { labels, last } of this.known.values()) {
      const target = targetOf(labels);
      newest.set(target, Math.max(last, newest.get(target) ?? 0));
    }
    return newest;
  }

  hasTerm(term: number): boolean {
    return [...this.known.values()].some((one) => one.term === term);
  }

  rises(terms: number): Rises {
    const all = [...this.known.values()];
    const rises = Array.from({ length: terms }, () => 0);
    const best = new Map<string, Counter & { term: number }>();
    for (const [key, counter] of this.known) {
      const original = this.copies.get(key) ?? key;
      const other = best.get(original);
      if (!other || counter.rise > other.rise) best.set(original, counter);
    }
    for (const { term, rise } of best.values()) rises[term]! += rise;
    const odd = all.find(isNoCounter);
    return {
      rises,
      falls: all.reduce((sum, { gaps }) => sum + gaps, 0),
      appearedWith: Math.max(0, ...all.map(({ appearedWith }) => appearedWith)),
      ...(odd && { odd: { labels: odd.labels, falls: odd.falls, steps: odd.steps } }),
      newest: all.length === 0 ? undefined : Math.max(...all.map(({ last }) => last)),
    };
  }
}

export function targetOf({ job = '', instance = '' }: Record<string, string>): string {
  return JSON.stringify([job, instance]);
}
