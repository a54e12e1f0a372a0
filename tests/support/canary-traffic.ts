import type { RouterCounters, SlotCounters } from '../../domain/router';
import { LATENCY_BOUNDS } from '../../routers/haproxy/backends';
import { binomial, normal, seeded } from './seeded';

/* Traffic of a canary as a router would count it, made up: the same for the same seed. */

/** How long requests take, in ms; no two services are alike. */
export const LATENCIES = {
  /** Most around 80 ms, one in twenty around 600 ms. */
  usual: (random: () => number): number => (random() < 0.05 ? 600 : 80) * Math.exp(0.6 * normal(random)),
  /** A cache that is hit, or not. */
  cached: (random: () => number): number => (random() < 0.8 ? 3 : 120) * Math.exp(0.3 * normal(random)),
  /** Few take very long: the longest of 1,000 takes 60 times the median. */
  skewed: (random: () => number): number => 10 * (1 - random()) ** -0.66,
} as const;

/** In what the new version differs from the live one. */
export interface Change {
  errors?: number;
  latency?: number;
  /** So many take so many ms. */
  tail?: { part: number; ms: number };
}

export interface TrafficSettings {
  seed: number;
  latency: keyof typeof LATENCIES;
  /** Of the live version. */
  errorRate: number;
  /** Requests to both between two samples. */
  requests: number;
  /** Whether volume, errors and latency go up and down, for both alike, and differ from canary to canary. */
  varying: boolean;
}

/** Counts of one sample. */
export interface Look {
  baseline: SlotCounters;
  canary: SlotCounters;
}

const BUCKETS = [...LATENCY_BOUNDS, null];
/** Quantiles of each distribution, as logarithms: one random number instead of several for each request. */
const DRAWS = 2 ** 15;
const QUANTILES = new Map(Object.entries(LATENCIES).map(([name, draw]) => [name, quantilesOf(draw)]));
/** Bucket by logarithm of the latency in hundredths. */
const GRID = { from: -3, to: 15, step: 0.01 };
const BUCKET_AT = Uint8Array.from({ length: (GRID.to - GRID.from) / GRID.step }, (_, place) => {
  const ms = Math.exp(GRID.from + (place + 0.5) * GRID.step);
  return LATENCY_BOUNDS.filter((bound) => bound < ms).length;
});
/** How far what varies goes, as a standard deviation of its logarithm, and how slowly it comes back. */
const SWING = { volume: 0.3, errors: 0.4, latency: 0.1, memory: 0.98 };

/** One service in both slots. */
export class Traffic {
  private readonly random: () => number;
  private readonly swing = { volume: 0, errors: 0, latency: 0 };

  constructor(private readonly settings: TrafficSettings) {
    this.random = seeded(settings.seed * 7_919 + 1);
    if (settings.varying) this.eachSwing((key) => (this.swing[key] = SWING[key] * normal(this.random)));
  }

  /** What comes until the next sample; each request goes to the canary with the probability `share`. */
  next(share: number, { errors = 1, latency = 1, tail }: Change = {}): Look {
    if (this.settings.varying) this.move();
    const requests = Math.round(this.settings.requests * Math.exp(this.swing.volume));
    const canary = binomial(requests, share, this.random);
    const rate = Math.min(0.9, this.settings.errorRate * Math.exp(this.swing.errors));
    return {
      baseline: this.counters(requests - canary, rate, 1),
      canary: this.counters(canary, Math.min(1, rate * errors), latency, tail),
    };
  }

  private counters(requests: number, rate: number, slower: number, tail?: Change['tail']): SlotCounters {
    const quantiles = QUANTILES.get(this.settings.latency)!;
    const shift = Math.log(slower) + this.swing.latency - GRID.from;
    const slow = tail ? binomial(requests, tail.part, this.random) : 0;
    const counts = new Array<number>(BUCKETS.length).fill(0);
    for (let request = slow; request < requests; request++) {
      const place = (quantiles[(this.random() * DRAWS) | 0]! + shift) / GRID.step;
      counts[BUCKET_AT[place < BUCKET_AT.length ? place | 0 : BUCKET_AT.length - 1]!]!++;
    }
    if (tail) counts[LATENCY_BOUNDS.filter((bound) => bound < tail.ms).length]! += slow;
    return {
      requests,
      errors: binomial(requests, rate, this.random),
      latency: BUCKETS.map((upTo, bucket) => ({ upTo, count: counts[bucket]! })),
    };
  }

  private move(): void {
    const fresh = Math.sqrt(1 - SWING.memory ** 2);
    this.eachSwing((key) => {
      this.swing[key] = SWING.memory * this.swing[key] + fresh * SWING[key] * normal(this.random);
    });
  }

  private eachSwing(change: (key: 'volume' | 'errors' | 'latency') => void): void {
    (['volume', 'errors', 'latency'] as const).forEach(change);
  }
}

/** What a router shows: all looks so far added up; blue is live, green the canary. */
export class Router {
  private readonly slots: RouterCounters['slots'] = { blue: {}, green: {} };

  add(service: string, { baseline, canary }: Look): void {
    this.slots.blue[service] = sum(this.slots.blue[service], baseline);
    this.slots.green[service] = sum(this.slots.green[service], canary);
  }

  counted(process = '1'): RouterCounters {
    return { process, slots: { blue: { ...this.slots.blue }, green: { ...this.slots.green } } };
  }
}

function sum(before: SlotCounters | undefined, more: SlotCounters): SlotCounters {
  if (!before) return more;
  return {
    requests: before.requests + more.requests,
    errors: before.errors + more.errors,
    latency: before.latency.map(({ upTo, count }, bucket) => ({ upTo, count: count + more.latency[bucket]!.count })),
  };
}

function quantilesOf(draw: (random: () => number) => number): Float64Array {
  const random = seeded(1);
  return Float64Array.from({ length: DRAWS }, () => Math.log(draw(random))).sort();
}
