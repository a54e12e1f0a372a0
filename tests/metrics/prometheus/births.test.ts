import type { Reading } from '../../../metrics/metric';
import { remembered, startPrometheus, type PrometheusServer } from '../../support/prometheus';
import { io, OF, opened } from '../opened';

/*
 * What is new of a counter that appears while it is watched, as a real Prometheus remembers it. Each case is an app of its own.
 */

const MINUTE = 60_000;
const BEGAN = Math.floor((Date.now() - 5 * 3_600_000) / MINUTE) * MINUTE;
const WINDOW = { from: BEGAN, to: BEGAN + 5 * MINUTE };
/** Scrapes of 15 s, from ten minutes before the beginning. */
const FIRST = BEGAN - 10 * MINUTE;
const AT = 40;
const SCRAPES = 61;
type Values = (scrape: number) => number | null;

/** @param late seconds after the rhythm of the others */
function series(name: string, labels: string, values: Values, late = 0): string[] {
  const all = Array.from({ length: SCRAPES }, (_, index) => values(index));
  return remembered(`${name}{slot="blue",job="web",${labels}}`, FIRST + late * 1_000, 15, all);
}
/** A replica that counts ten requests a scrape, one of them bad in each hundred, on top of what it counted before. */
function replica(app: string, instance: string, past: number, isThere: (scrape: number) => boolean): string[] {
  const labels = `app="${app}",instance="${instance}"`;
  const there =
    (value: Values): Values =>
    (scrape) =>
      isThere(scrape) ? value(scrape) : null;
  return [
    ...series(
      'asked_total',
      `${labels},code="200"`,
      there((i) => past + 10 * i),
    ),
    ...series(
      'asked_total',
      `${labels},code="500"`,
      there((i) => past / 20 + Math.floor(i / 10)),
    ),
    ...series('up', labels, (i) => (isThere(i) ? 1 : 0)),
  ];
}
const late = (i: number) => i > AT + 1;
const first = (i: number) => (i >= AT + 4 ? 7 : null);
const INSTANCE = 'instance="a"';

const PAST = [
  ...replica('failing', 'a', 5_000_000, () => true),
  // One scrape fails just as the time begins.
  ...replica('failing', 'b', 5_000_000, (i) => i !== AT),
  // It could not be scraped for longer than Prometheus looks back.
  ...replica('away', 'a', 5_000_000, () => true),
  ...replica('away', 'b', 5_000_000, (i) => i < 5 || i > AT + 1),
  ...replica('unknown', 'a', 5_000_000, () => true),
  ...replica('unknown', 'b', 5_000_000, late),
  // Replaced by another, whose process says when it began.
  ...replica('replaced', 'a', 1_000, (i) => i <= AT + 1),
  ...series('asked_total', `app="replaced",instance="b",code="200"`, (i) => (late(i) ? 4 + 10 * (i - AT - 2) : null)),
  ...series('process_start_time_seconds', `app="replaced",instance="b"`, (i) => (late(i) ? BEGAN / 1_000 + 20 : null)),
  ...series('asked_total', `app="old",instance="a",code="200"`, (i) => (late(i) ? 900 : null)),
  ...series('process_start_time_seconds', `app="old",instance="a"`, (i) => (late(i) ? BEGAN / 1_000 - 9_000 : null)),
  ...series('asked_total', `app="created",instance="a",code="200"`, (i) => (late(i) ? 9 : null)),
  ...series('asked_created', `app="created",instance="a",code="200"`, (i) => (late(i) ? BEGAN / 1_000 + 20 : null)),
  // An exporter was away for longer than Prometheus looks back, and began within the time; what it tells of did not.
  ...series('asked_total', `app="exporter",${INSTANCE},code="200"`, (i) => (i < 5 || late(i) ? 4_750_000 + i : null)),
  ...series('asked_total', `app="exporter",${INSTANCE},code="500"`, (i) => (i < 5 || late(i) ? 250_000 : null)),
  ...series('process_start_time_seconds', `app="exporter",${INSTANCE}`, (i) => (late(i) ? BEGAN / 1_000 + 20 : null)),
  ...series('up', `app="exporter",${INSTANCE}`, (i) => (i < 5 || late(i) ? 1 : 0)),
  // The same of a process that began anew with its counters.
  ...series('asked_total', `app="anew",${INSTANCE},code="200"`, (i) => (i < 5 ? 900 : late(i) ? 4 + i - AT - 2 : null)),
  ...series('process_start_time_seconds', `app="anew",${INSTANCE}`, (i) => (late(i) ? BEGAN / 1_000 + 20 : null)),
  // A scrape that was successful did not have it yet.
  ...series('asked_total', `app="scraped",${INSTANCE},code="500"`, first),
  ...series('up', `app="scraped",${INSTANCE}`, () => 1),
  // It was away, and comes back although its process was scraped all the time.
  ...series('asked_total', `app="idle",${INSTANCE},code="200"`, (i) => i),
  ...series('asked_total', `app="idle",${INSTANCE},code="500"`, (i) => (i < 3 ? 5_000 : i > AT + 3 ? 5_001 : null)),
  // Two Prometheus scrape one process.
  ...series('asked_total', `app="pair",${INSTANCE},code="200",prometheus="p0"`, (i) => 1_000 + 10 * i),
  ...series('asked_total', `app="pair",${INSTANCE},code="200",prometheus="p1"`, (i) => 1_005 + 10 * i, 7),
  ...series('asked_total', `app="pair",${INSTANCE},code="500",prometheus="p0"`, (i) => Math.floor(i / 4)),
  ...series('asked_total', `app="pair",${INSTANCE},code="500",prometheus="p1"`, (i) => Math.floor((i + 0.5) / 4), 7),
  // Copies that are asked in turn, one of which lags behind.
  ...series('asked_total', `app="turns",${INSTANCE},code="200"`, (i) => 10 * i - (i === AT + 5 ? 14 : 0)),
  ...series('asked_total', `app="turns",${INSTANCE},code="500"`, (i) => (i === AT + 5 ? 2 : 3)),
  ...series('asked_total', `app="restarts",${INSTANCE},code="200"`, (i) =>
    i < AT + 5 ? 5_000 : i < AT + 10 ? 10 * (i - AT - 5) : 3 * (i - AT - 10),
  ),
  ...series('asked_total', `app="behind",${INSTANCE},code="200"`, (i) => (i % 2 === 0 ? 5_000_000 : 2_000_000) + i),
  ...series('asked_total', `app="gauge",${INSTANCE},code="200"`, (i) => [30, 25, 28, 21, 33][i % 5]!),
  ...remembered(
    'job:asked:sum{slot="blue",app="recorded"}',
    FIRST,
    15,
    Array.from({ length: SCRAPES }, (_, i) => 10 * i),
  ),
];

let server: PrometheusServer;
beforeAll(async () => {
  server = await startPrometheus({ past: PAST });
});
afterAll(() => server.close());

async function count(
  app: string,
  window = WINDOW,
  total = 'asked_total{slot="{{slot}}",app="{{app}}"}',
): Promise<Reading> {
  const bad = `${total.replace('"}', '",code="500"}')} or vector(0)`;
  const source = await opened({ prometheus: { url: server.url, bad, total } });
  return source.read({ ...OF, app }, window, io);
}

test('a replica whose scrape failed as the time began has counted nothing new by that [proves P]', async () => {
  const reading = await count('failing');
  // From its last scrape before on: one more of the second replica.
  expect(reading).toMatchObject({ bad: 5, total: 200 + 210 + 5 });
  expect(reading).not.toHaveProperty('gap');
});

test.each(['away', 'unknown'])(
  'what is scraped again for the first time is not new, and said to be unknown (%s) [proves P]',
  async (app) => {
    const reading = await count(app);
    expect(reading).toMatchObject({
      bad: 4,
      total: 200 + 180 + 4,
      gap: expect.stringMatching(/^a counter appeared with 50\d{5}, of which nobody knows how much is new$/) as string,
    });
  },
);

test('sums of counters are taken of each, so that a replica that comes back is no jump [proves P]', async () => {
  expect(await count('away', WINDOW, 'sum(asked_total{slot="{{slot}}",app="{{app}}"})')).toMatchObject({ total: 384 });
});

test('a process that says that it began within the time has counted all that it shows [proves P]', async () => {
  expect(await count('replaced')).toMatchObject({ bad: 0, total: 10 + 4 + 180 });
});

test('what an exporter tells of is not new because the exporter is, and said to be unknown [proves P]', async () => {
  expect(await count('exporter')).toMatchObject({
    bad: 0,
    total: 18,
    gap: expect.stringMatching(/^a counter appeared with 47\d{5}, of which nobody knows/) as string,
  });
});

test('a process that was away and began anew has counted all that it shows below where it stood [proves P]', async () => {
  const reading = await count('anew');
  expect(reading).toMatchObject({ bad: 0, total: 4 + 18 });
  expect(reading).not.toHaveProperty('gap');
});

test('a process that says that it began before shows nothing new at first [proves P]', async () => {
  expect(await count('old')).toMatchObject({ bad: 0, total: 0 });
});

test('a counter that says when it was created is new since then [proves P]', async () => {
  expect(await count('created')).toMatchObject({ total: 9 });
});

test('a counter that a successful scrape did not have is new with its first value [proves P]', async () => {
  const reading = await count('scraped');
  expect(reading).toMatchObject({ bad: 7, total: 7 });
});

test('a counter that was there earlier in the day is not new when it comes back [proves P]', async () => {
  expect(await count('idle')).toMatchObject({ bad: 0, total: 20 });
});

test('what two Prometheus scrape of one process is counted once [proves P]', async () => {
  expect(await count('pair')).toMatchObject({ bad: 5, total: 205 });
});

test('a value that falls a little and comes back is not counted again [proves P, Q]', async () => {
  expect(await count('turns')).toMatchObject({ bad: 0, total: 200 });
});

test('several restarts cost what nobody knows, and are said [proves P]', async () => {
  expect(await count('restarts')).toMatchObject({
    total: 40 + 30,
    gap: 'a counter fell 2 times, what it lost is not known',
  });
});

test.each([
  ['several processes behind one address', 'behind'],
  ['a gauge', 'gauge'],
])('%s is no counter, which is said in place of a number [proves U]', async (_, app) => {
  expect(await count(app)).toMatchObject({
    missing: expect.stringMatching(/^expected counters, which fall only when .* fall in \d+ of \d+ scrapes/) as string,
    fault: true,
  });
});

test('a recorded sum over processes is none of their counters [proves U]', async () => {
  expect(await count('recorded', WINDOW, 'job:asked:sum{slot="{{slot}}",app="{{app}}"}')).toMatchObject({
    missing: expect.stringContaining('which a rule records of all of them together') as string,
    fault: true,
  });
});

test('counts read piece by piece as time goes on are those that are read at once [proves P]', async () => {
  for (const app of ['failing', 'replaced', 'pair', 'turns', 'restarts']) {
    const total = 'asked_total{slot="{{slot}}",app="{{app}}"}';
    const bad = `${total.replace('"}', '",code="500"}')} or vector(0)`;
    const source = await opened({ prometheus: { url: server.url, bad, total } });
    let last: Reading | undefined;
    for (let at = 2_000; at <= 5 * MINUTE; at += 7_000)
      last = await source.read({ ...OF, app }, { from: BEGAN, to: BEGAN + at }, io);
    last = await source.read({ ...OF, app }, WINDOW, io);
    expect(last).toEqual(await count(app));
  }
});
