import type { ReleaseStatus } from '../../domain/release';
import { startExporter, startPrometheus, type Exporter, type PrometheusServer } from '../support/prometheus';
import { World } from '../support/world';

jest.setTimeout(300_000);

/** What the exporter says of each slot, changing from scrape to scrape as real measurements do. */
const levels = { blue: { lag: 10, failed: 0.02 }, green: { lag: 10, failed: 0.02 } };
const counts = { blue: { failed: 0, all: 0 }, green: { failed: 0, all: 0 } };

let world: World;
let exporter: Exporter;
let prometheus: PrometheusServer;
let measuring: NodeJS.Timeout;

function measure(): void {
  exporter.lines = (['blue', 'green'] as const).flatMap((slot) => {
    const count = counts[slot];
    count.all += 50;
    count.failed += Math.round(100 * levels[slot].failed * Math.random());
    return [
      `lag{slot="${slot}"} ${levels[slot].lag * (1 + Math.random() / 5)}`,
      `orders_total{slot="${slot}",result="done"} ${count.all - count.failed}`,
      `orders_total{slot="${slot}",result="failed"} ${count.failed}`,
    ];
  });
}

const lag = (query = 'lag{slot="{{slot}}"}') => ({
  name: 'lag',
  interval: '200ms',
  minSamples: 10,
  direction: 'increase',
  prometheus: { url: prometheus.url, query, timeout: '1s' },
});
const orders = () => ({
  name: 'orders',
  interval: '200ms',
  prometheus: {
    url: prometheus.url,
    bad: 'orders_total{slot="{{slot}}",result="failed"}',
    total: 'orders_total{slot="{{slot}}"}',
  },
});

async function released(version: string, soak: string, ...metrics: object[]): Promise<ReleaseStatus> {
  const config = (raw: { canary: object }): void => {
    const analysis = { compare: false, metrics };
    raw.canary = { ...raw.canary, steps: [{ weight: 50, soak }], limits: { minRequests: 0 }, analysis };
  };
  return (await world.released(version, { config })).status;
}
const failedPhase = ({ phases }: ReleaseStatus) => phases.find(({ state }) => state === 'failed')?.phase;

beforeAll(async () => {
  exporter = await startExporter([]);
  measure();
  measuring = setInterval(measure, 100);
  prometheus = await startPrometheus({ scrape: [exporter.port] });
  world = await World.open();
  await world.released('1.0.0');
});
afterAll(async () => {
  clearInterval(measuring);
  await Promise.all([world?.close(), prometheus?.close(), exporter?.close()]);
});

test('a version that Prometheus sees worse is put back, and the reason names the metric', async () => {
  levels.green.lag = 20;
  const status = await released('1.1.0', '5s', lag());
  levels.green.lag = 10;
  expect({ failed: failedPhase(status), why: status.why }).toMatchObject({ failed: 'canary' });
  expect(status.why).toMatch(/lag: canary is higher: shift /);
});

test('events that Prometheus counts stop a bad version long before its time is over', async () => {
  levels.green.failed = 0.2;
  const status = await released('1.2.0', '30m', orders());
  levels.green.failed = 0.02;
  expect({ failed: failedPhase(status), why: status.why }).toMatchObject({ failed: 'canary' });
  expect(status.why).toMatch(/orders.*\d+ of \d+/);
});

test('a metric that returns nothing stops a release before anything changes', async () => {
  const status = await released('1.3.0', '5s', lag('lagg{slot="{{slot}}"}'));
  expect({ outcome: status.outcome, failed: failedPhase(status) }).toEqual({ outcome: 'refused', failed: 'preflight' });
  expect(status.why).toMatch(/expected one series from lagg\{slot="blue"\}, seen none/);
  expect(status.undos).toEqual([]);
});

test('a Prometheus that is gone half-way is missing evidence, which never passes', async () => {
  const releasing = await world.release('1.4.0', {
    config: (raw: { canary: object }) => {
      const analysis = { compare: false, metrics: [{ ...lag(), minSamples: 300 }] };
      const steps = [{ weight: 50, soak: '3s' }];
      raw.canary = { ...raw.canary, steps, longestSoak: '15s', limits: { minRequests: 0 }, analysis };
    },
  });
  await releasing.until(({ share }) => share === 50, 300_000);
  await prometheus.close();
  const { status } = await releasing.result();
  expect({ failed: failedPhase(status), why: status.why }).toMatchObject({ failed: 'canary' });
  const metrics = status.judged!.at(-1)!.judgement.metrics!;
  expect(metrics.find(({ name }) => name === 'lag')!.reason).toMatch(/readings missing, the last: .*ECONNREFUSED/);
});
