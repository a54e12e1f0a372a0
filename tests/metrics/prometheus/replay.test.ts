import { appConfigSchema } from '../../../domain/config';
import { observeMetric, startSoak, type SoakSettings, type SoakState } from '../../../domain/judging/soak/state';
import { judgeEnd, judgeSample } from '../../../domain/judging/soak/verdict';
import type { Reading } from '../../../metrics/metric';
import { remembered, startPrometheus, type PrometheusServer } from '../../support/prometheus';
import { normal, seeded } from '../../support/seeded';
import { io, OF, opened } from '../opened';

/*
 * Many canaries, replayed as a real Prometheus remembers them: scraped each 15 s, each replica in a rhythm of its own,
 * and read far more often, as a soak reads. Of those that are as good as the live version one in a hundred may fail.
 */

const SECOND = 1_000;
const BEGAN = Math.floor((Date.now() - 6 * 3_600_000) / 60_000) * 60_000;
const SCRAPE = 15;
const BEFORE = 300;
const SOAK = 300;
/** A judge that fails one in twenty equal canaries is found with a probability of 0.91: P(X > 1) for 80 of them. */
const CANARIES = 80;
const BAD = 20;
/** Of all requests, of which there are so many between two scrapes. */
const RATE = 0.02;
const REQUESTS = { blue: 200, green: 60 };

type Slot = keyof typeof REQUESTS;

/** Counters of a slot: how many of its requests are bad is chance. */
function counters(canary: string, slot: Slot, rate: number, random: () => number): string[] {
  const late = Math.floor(SCRAPE * SECOND * random());
  const [all, bad] = [[] as number[], [] as number[]];
  let [a, b] = [Math.floor(1e6 * random()), 0];
  for (let at = 0; at <= BEFORE + SOAK; at += SCRAPE) {
    for (let request = REQUESTS[slot] * (0.5 + random()); request > 0; request--) {
      a++;
      if (random() < rate) b++;
    }
    all.push(a);
    bad.push(b);
  }
  const labels = `{slot="${slot}",canary="${canary}",job="web",instance="${slot}-${canary}"}`;
  const from = BEGAN - BEFORE * SECOND + late;
  return [...told(`asked_total${labels}`, from, all), ...told(`failed_total${labels}`, from, bad)];
}

/** A gauge of a slot, measured anew with every scrape. */
function gauge(canary: string, slot: Slot, level: number, random: () => number): string[] {
  const from = BEGAN - BEFORE * SECOND + Math.floor(SCRAPE * SECOND * random());
  const values = Array.from({ length: (BEFORE + 3 * SOAK) / SCRAPE + 1 }, () => level + normal(random));
  return told(`lag{slot="${slot}",canary="${canary}"}`, from, values);
}

/** Scrapes do not fall on whole seconds. */
function told(series: string, from: number, values: number[]): string[] {
  return remembered(series, 0, SCRAPE, values).map((line, index) => {
    const [name, value] = line.split(' ');
    return `${name} ${value} ${((from + index * SCRAPE * SECOND) / SECOND).toFixed(3)}`;
  });
}

const random = seeded(11);
const all = Array.from({ length: CANARIES }, (_, index) => `${index}`);
const bad = Array.from({ length: BAD }, (_, index) => `bad${index}`);
const PAST = [
  ...all.flatMap((one) => (['blue', 'green'] as const).flatMap((slot) => counters(one, slot, RATE, random))),
  ...bad.flatMap((one) => [...counters(one, 'blue', RATE, random), ...counters(one, 'green', 8 * RATE, random)]),
  ...all.flatMap((one) => (['blue', 'green'] as const).flatMap((slot) => gauge(one, slot, 50, random))),
  ...bad.flatMap((one) => [...gauge(one, 'blue', 50, random), ...gauge(one, 'green', 53, random)]),
];

let server: PrometheusServer;
beforeAll(async () => {
  server = await startPrometheus({ past: PAST });
});
afterAll(() => server.close());

/** Reads a metric of both slots from time to time, and judges it as a soak does. */
async function replay(canary: string, metric: object, every: number, soak: number) {
  const prometheus = { url: server.url, timeout: '15s', ...metric };
  const analysis = {
    compare: false,
    metrics: [{ name: 'm', interval: `${every}s`, direction: 'query' in metric ? 'either' : 'increase', prometheus }],
  };
  const config = appConfigSchema.parse({
    version: 1,
    app: 'shop',
    services: { web: { image: 'w', port: 80, routes: [{ port: 80 }] } },
    canary: { steps: [{ weight: 50 }], limits: { minRequests: 0 }, analysis },
  });
  const { limits } = config.canary;
  const settings: SoakSettings = {
    slot: 'green',
    limits,
    canary: config.canary,
    services: ['web'],
    steps: 1,
    isCompared: true,
    recorded: null,
  };
  const [configured] = config.canary.analysis.metrics;
  const source = await opened({ prometheus, interval: `${every}s` });
  let state: SoakState = startSoak({ name: 'canary', since: null, began: BEGAN }, settings, null);
  const evidence = { services: null, probes: {} };
  for (let at = BEGAN + every * SECOND; at <= BEGAN + soak * SECOND; at += every * SECOND) {
    const of = (slot: Slot): Promise<Reading> => source.read({ ...OF, slot, app: canary }, { from: BEGAN, to: at }, io);
    const [own, live] = await Promise.all([of('green'), of('blue')]);
    state = observeMetric(state, { metric: configured!, readings: { canary: own, live }, at }, settings);
    if (judgeSample(state, evidence, settings).verdict === 'fail') return 'fail';
  }
  return judgeEnd(state, evidence, settings).judgement.verdict;
}

async function failures(
  canaries: string[],
  metric: object,
  every: number,
  soak = SOAK,
): Promise<Record<string, number>> {
  const verdicts = { pass: 0, fail: 0, inconclusive: 0, 'not judged': 0 };
  for (let first = 0; first < canaries.length; first += 10)
    for (const verdict of await Promise.all(
      canaries.slice(first, first + 10).map((one) => replay(one, metric, every, soak)),
    ))
      verdicts[verdict]++;
  return verdicts;
}

const series = (name: string) => `${name}{slot="{{slot}}",canary="{{app}}"}`;
const COUNTERS = { bad: series('failed_total'), total: series('asked_total') };
const WINDOWS = {
  bad: `sum(increase(${series('failed_total')}[{{window}}]))`,
  total: `sum(increase(${series('asked_total')}[{{window}}]))`,
};

describe.each([
  ['counters', COUNTERS, 7],
  ['counts within {{window}}', WINDOWS, 23],
])('%s, read far more often than they are scraped', (_, metric, every) => {
  test('fail no more equal canaries than were promised [proves Q]', async () => {
    const { fail, pass } = await failures(all, metric, every);
    expect(fail).toBeLessThanOrEqual(Math.ceil(CANARIES / 100));
    expect(pass! + fail!).toBe(CANARIES);
  }, 900_000);

  test('fail the bad ones [proves Q]', async () => {
    expect(await failures(bad, metric, every)).toMatchObject({ pass: 0, inconclusive: 0 });
  }, 900_000);
});

describe('values, read far more often than they are scraped', () => {
  const LAG = { query: series('lag') };

  test('fail no more equal canaries than were promised [proves Q]', async () => {
    // Each value is read about twice. A test of ranks may be wrong in 2 %: `confidence` is 0.98. One that is wrong in
    // 10 % is found with a probability of 0.92: P(X > 1) for 40 of them. Whoever takes a value twice is found below, by
    // canaries of which too few scrapes are known.
    const some = all.slice(0, 40);
    const { fail } = await failures(some, LAG, 7, 2 * SOAK);
    expect(fail).toBeLessThanOrEqual(Math.ceil((2 * some.length) / 100));
  }, 900_000);

  test('fail the bad ones, from as many scrapes as are needed [proves Q]', async () => {
    expect((await failures(bad, LAG, 8, 2 * SOAK)).fail).toBe(BAD);
    expect(await failures(bad.slice(0, 10), LAG, 8, 200)).toMatchObject({ pass: 0, fail: 0, inconclusive: 10 });
  }, 900_000);
});
