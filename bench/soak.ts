import type { RouterCounters, SlotCounters } from '../domain/router';
import { appConfigSchema } from '../domain/config';
import { countedOf, observeCounters, startSoak, type SoakSettings, type SoakState } from '../domain/judging/soak/state';
import { judgeSample } from '../domain/judging/soak/verdict';
import { LATENCY_BOUNDS } from '../routers/haproxy/backends';
import { seeded } from '../tests/support/seeded';
import { benchAging, type Aging } from './aging';
import { ms } from './statistics';

const DAY_MS = 24 * 60 * 60_000;
const INTERVAL_MS = 10_000;
const SERVICES = 3;

/** Measures what a soak of a day, with a sample every 10 s, costs Temporal, and how many ms a verdict takes. */
export async function benchSoak(): Promise<Aging & { msPerVerdict: number }> {
  const msPerVerdict = judgeSamples(SERVICES, DAY_MS / INTERVAL_MS);
  return { ...(await benchAging()), msPerVerdict };
}

/** Milliseconds that it takes to judge one sample of so many services, mean over so many samples. */
export function judgeSamples(services: number, samples: number): number {
  const names = Array.from({ length: services }, (_, index) => `service-${index}`);
  const settings = settingsOf(names);
  const baseline = nothing(names);
  let state: SoakState = startSoak({ name: 'bench', since: baseline, began: 0 }, settings, null);
  let now = baseline;
  const began = performance.now();
  for (let at = INTERVAL_MS; at <= samples * INTERVAL_MS; at += INTERVAL_MS) {
    now = later(now);
    state = observeCounters(state, { now, at }, settings);
    const { verdict } = judgeSample(state, { ...countedOf(state, 'green'), probes: {} }, settings);
    if (verdict === 'fail') throw new Error('expected two equal versions to pass');
  }
  return ms((performance.now() - began) / samples);
}

/** The ordinary settings. */
function settingsOf(services: string[]): SoakSettings {
  const service = { image: 'any', port: 8080, routes: [{ port: 80 }] };
  const { canary } = appConfigSchema.parse({
    version: 1,
    app: 'bench',
    services: Object.fromEntries(services.map((name, index) => [name, { ...service, routes: [{ port: 80 + index }] }])),
    canary: { steps: [{ weight: 50, soak: '24h' }], limits: { errorRate: 5 } },
  });
  return {
    slot: 'green',
    limits: canary.limits,
    canary,
    services,
    steps: 1,
    isCompared: true,
    recorded: null,
  };
}

const random = seeded(1);

function nothing(names: string[]): RouterCounters {
  const latency = [...LATENCY_BOUNDS, null].map((upTo) => ({ upTo, count: 0 }));
  const services = Object.fromEntries(names.map((name) => [name, { requests: 0, errors: 0, latency }]));
  return { process: 'one', slots: { blue: services, green: services } };
}

/** Some more requests of every service in both slots. */
function later({ process, slots }: RouterCounters): RouterCounters {
  const grown = (services: Record<string, SlotCounters>) =>
    Object.fromEntries(Object.entries(services).map(([name, counters]) => [name, more(counters)]));
  return { process, slots: { blue: grown(slots.blue), green: grown(slots.green) } };
}

function more({ errors, latency }: SlotCounters): SlotCounters {
  const counts = latency.map((bucket) => ({ ...bucket, count: bucket.count + Math.floor(random() * 100) }));
  const requests = counts.reduce((sum, { count }) => sum + count, 0);
  return { requests, errors: errors + (random() < 0.5 ? 1 : 0), latency: counts };
}
