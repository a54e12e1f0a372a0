import type { CountQuery, CounterTerm } from '../../domain/promql/counts';
import { Counters, targetOf, type CounterSeries, type Rises } from '../counters';
import { excerpt } from '../excerpt';
import type { Missing } from '../metric';
import { LOOK_BACK_MS, provenBirths } from './births';
import type { Asking } from './api';
import { labelText, type Found } from './answer';

/** Longer times are read in pieces, so that no answer gets too large. */
const PIECE_MS = 10 * 60_000;
/** This limits expressions, which have no scrapes to ask for. */
const MOST_STEPS = 240;

export type Followed = Exclude<CountQuery, { kind: 'windows' }> & { text: string };

export class FollowedCounts {
  private readonly counters: Counters;
  private readonly terms: { term: CounterTerm; isRaw: boolean; of: 'bad' | 'total' }[];
  private upTo: number;

  constructor(
    bad: Followed,
    total: Followed,
    readonly began: number,
  ) {
    this.counters = new Counters(began);
    this.terms = (['total', 'bad'] as const).flatMap((of) => termsOf({ bad, total }[of], of));
    this.upTo = began;
  }

  /** Reads on to a moment (ms). It keeps what it has read when a later piece fails. */
  async readTo(to: number, asking: Asking): Promise<Rises | Missing> {
    do {
      const end = Math.min(to, this.upTo + PIECE_MS);
      const missing = await this.readPiece(this.upTo - LOOK_BACK_MS, end, asking);
      if (missing) return missing;
      this.upTo = Math.max(this.upTo, end);
    } while (this.upTo < to);
    return this.counters.rises(this.terms.length);
  }

  sumOf(of: 'bad' | 'total', { rises }: Rises): number {
    return this.terms.reduce((sum, one, index) => (one.of === of ? sum + one.term.factor * rises[index]! : sum), 0);
  }

  private async readPiece(from: number, to: number, asking: Asking): Promise<Missing | undefined> {
    // It reads all events first, so that no bad one counts before the event itself does.
    const scraped: CounterSeries[] = [];
    for (const side of ['total', 'bad'] as const) {
      const batch: CounterSeries[] = [];
      for (const [index, term] of this.terms.entries()) {
        if (term.of !== side) continue;
        const found = await this.ask(term, from, to, asking);
        if ('missing' in found) return found;
        const odd = recordedSum(term.term.selector, found);
        if (odd) return odd;
        batch.push(...found.map((one) => seriesOf(one, index)));
      }
      const known = side === 'total' ? batch : this.notBeyondTotal(batch);
      // The answer of an expression has no scrapes that could prove anything.
      const raw = known.filter((one) => this.terms[one.term]!.isRaw);
      scraped.push(...raw);
      const born = await provenBirths(
        this.counters,
        { appearing: raw, scraped, selectors: this.selectors(), from, to },
        asking,
      );
      this.counters.add(known, born);
    }
    return undefined;
  }

  private ask({ term, isRaw }: (typeof this.terms)[number], from: number, to: number, asking: Asking) {
    if (isRaw) return asking.samples(term.selector, from, to);
    return asking.range(term.selector, from, to, Math.max(1_000, Math.ceil((to - from) / MOST_STEPS)));
  }

  private selectors(): string[] {
    return this.terms.map(({ term }) => term.selector);
  }

  private notBeyondTotal(batch: CounterSeries[]): CounterSeries[] {
    const newest = this.counters.newestByTarget();
    return batch.map((one) => {
      const limit = newest.get(targetOf(one.labels));
      return limit === undefined ? one : { ...one, samples: one.samples.filter(([time]) => time <= limit) };
    });
  }

  hasSeries(of: 'bad' | 'total'): boolean {
    return this.terms.some((one, index) => one.of === of && this.counters.hasTerm(index));
  }
}

function termsOf(followed: Followed, of: 'bad' | 'total') {
  if (followed.kind === 'counters') return followed.terms.map((term) => ({ term, isRaw: true, of }));
  return [{ term: { selector: followed.text, factor: 1 as const }, isRaw: false, of }];
}

function seriesOf({ labels, points }: Found, term: number): CounterSeries {
  const sorted = Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1));
  const samples = [...points].sort(([a], [b]) => a - b);
  return { key: `${term} ${JSON.stringify(sorted)}`, term, labels, samples };
}

/** A recording rule (its name has colons) without a label for the process is a sum over all of them. */
function recordedSum(selector: string, found: Found[]): Missing | undefined {
  const one = found.find(
    ({ labels }) => (labels.__name__ ?? '').includes(':') && labels.instance === undefined && labels.pod === undefined,
  );
  if (!one) return undefined;
  return {
    missing:
      `expected the counters of processes from ${excerpt(selector)}, seen ${labelText(one.labels)}, which a rule records of all ` +
      'of them together, so that one that leaves or comes back would show as events: ask for the counters themselves',
    fault: true,
  };
}
