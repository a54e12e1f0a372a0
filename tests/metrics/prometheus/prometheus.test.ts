import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Reading } from '../../../metrics/metric';
import { remembered, startExporter, startPrometheus, type PrometheusServer } from '../../support/prometheus';
import { GREEN, io, OF, opened } from '../opened';
import { until } from '../../support/until';

const MINUTE = 60_000;
const BEGAN = Math.floor((Date.now() - 5 * 3_600_000) / MINUTE) * MINUTE;
/** Ten minutes with a point each 15 s. */
const POINTS = 41;
const WINDOW = { from: BEGAN, to: BEGAN + 10 * MINUTE };
const over = (value: (index: number) => number | string | null) => Array.from({ length: POINTS }, (_, i) => value(i));
const series = (name: string, value: (index: number) => number | string | null): string[] =>
  remembered(name, BEGAN, 15, over(value));

const PAST = [
  ...series('asked_total{slot="blue",code="200",pod="a"}', (i) => 1_000 + 10 * i),
  ...series('asked_total{slot="blue",code="200",pod="b"}', (i) => 5_000 + 20 * i),
  ...series('asked_total{slot="blue",code="500",pod="b"}', (i) => 7 + Math.floor(i / 10)),
  // Restarted in the middle: 200 are lost at the fall, of which nobody knows how many came before it.
  ...series('asked_total{slot="green",code="200",job="web",instance="c"}', (i) => (i < 20 ? 10 * i : 10 * (i - 20))),
  // Its first error: the series appears with it.
  ...series('asked_total{slot="green",code="500",job="web",instance="c"}', (i) => (i < 30 ? null : 3)),
  ...series('away_total{slot="blue"}', (i) => (i > 10 && i < 20 ? null : i)),
  ...series(
    'labelled{app="shop",environment="production",service="api",slot="blue",version="1.2.3",release="20261121-101500-1.2.3-k3v9"}',
    () => 42,
  ),
  ...series('odd{slot="blue"}', () => 'NaN'),
  ...series('odd{slot="green"}', () => '+Inf'),
  ...series('seconds{slot="blue"}', (i) => (i > 20 && i <= 24 ? 'NaN' : i / 10)),
];

let server: PrometheusServer;
beforeAll(async () => {
  server = await startPrometheus({ past: PAST });
});
afterAll(() => server.close());

async function read(queries: Record<string, unknown>, of = OF, more: Record<string, unknown> = {}): Promise<Reading> {
  const source = await opened({ prometheus: { url: server.url, ...queries }, ...more });
  return source.read(of, WINDOW, io);
}

describe('a value asked of Prometheus', () => {
  test('is that of the end of the window', async () => {
    expect(await read({ query: 'seconds{slot="{{slot}}"}' })).toMatchObject({ value: 4 });
  });

  test('is of the version, place, release and service that fill its variables', async () => {
    const query =
      'labelled{app="{{app}}",environment="{{ environment }}",service="{{service}}",slot="{{slot}}",version="{{version}}",release="{{release}}"}';
    expect(await read({ query }, OF, { service: 'api' })).toMatchObject({ value: 42 });
    expect(await read({ query }, GREEN, { service: 'api' })).toMatchObject({ fault: false });
  });

  test('is of the interval in place of {{window}}', async () => {
    const query = 'sum(increase(asked_total{slot="{{slot}}",code="200"}[{{window}}]))';
    expect(await read({ query }, OF, { interval: '60s' })).toMatchObject({ value: 120 });
  });

  test('may be a scalar', async () => {
    expect(await read({ query: 'scalar(seconds{slot="{{slot}}"})' })).toMatchObject({ value: 4 });
  });

  test.each([
    [
      'several series',
      'asked_total{slot="{{slot}}"}',
      true,
      /seen 3, such as \{.*\} and \{.*\}: aggregate them, as `sum/,
    ],
    ['none', 'nothing{slot="{{slot}}"}', false, /expected one series from nothing\{slot="blue"\}, seen none/],
    ['NaN', 'odd{slot="{{slot}}"}', false, /expected a number from odd\{slot="blue"\}, seen NaN/],
    ['a string', '"text of {{slot}}"', true, /expected a number from "text of blue", seen a string: correct the query/],
    ['a matrix', 'seconds{slot="{{slot}}"}[1h] offset {{slot}}', true, /seen .*parse error/],
    [
      'a mistake',
      'sum(seconds{slot="{{slot}}"}',
      true,
      /expected an answer to sum.*seen .*parse error.*correct the query/,
    ],
  ])('that is %s is missing, with the reason', async (_, query, fault, reason) => {
    expect(await read({ query })).toMatchObject({ missing: expect.stringMatching(reason) as string, fault });
  });

  test('that is infinite is missing', async () => {
    const missing = await read({ query: 'odd{slot="{{slot}}"}' }, GREEN);
    expect(missing).toMatchObject({ missing: 'expected a number from odd{slot="green"}, seen +Inf', fault: false });
  });
});

describe('counts asked of Prometheus', () => {
  const bad = 'asked_total{slot="{{slot}}",code="500"}';
  const total = 'asked_total{slot="{{slot}}"}';

  test('are exactly what the counters rose by within the window, all series together', async () => {
    expect(await read({ bad, total })).toMatchObject({ bad: 4, total: 40 * 30 + 4 });
  });

  test('leave out what a restart lost, and say so', async () => {
    expect(await read({ bad: `${bad} or vector(0)`, total }, GREEN)).toMatchObject({
      bad: 3,
      total: 190 + 200 + 3,
      gap: 'a counter fell once, what it lost is not known',
    });
  });

  test('have the first error, with which its series appears', async () => {
    expect(await read({ bad, total }, GREEN)).toMatchObject({ bad: 3 });
  });

  test('of a series that is away for a while go on where they were', async () => {
    const counter = 'away_total{slot="{{slot}}"}';
    expect(await read({ bad: `${counter} * 0`, total: counter })).toMatchObject({ bad: 0, total: 40 });
  });

  test('may be counted by the queries themselves', async () => {
    const [b, t] = [bad, total].map((one) => `sum(increase(${one}[{{window}}]))`);
    expect(await read({ bad: b, total: t })).toMatchObject({ bad: 4, total: 1_204 });
  });

  test('need to be told that no series means that nothing was bad', async () => {
    const typing = 'asked_total{slot="{{slot}}",code="5xx"}';
    const missing = await read({ bad: typing, total });
    expect(missing).toMatchObject({
      missing: expect.stringMatching(
        /seen none; if that means that nothing was bad, append `or vector\(0\)`/,
      ) as string,
      fault: false,
    });
    expect(await read({ bad: `${typing} or vector(0)`, total })).toMatchObject({ bad: 0, total: 1_204 });
  });

  test('of which more are bad than there are, are missing', async () => {
    const missing = await read({ bad: total, total: bad });
    expect(missing).toMatchObject({ missing: expect.stringContaining('seen 1204 of 4') as string, fault: true });
  });

  test('of nothing are missing', async () => {
    const none = 'nothing{slot="{{slot}}"}';
    expect(await read({ bad: none, total: none })).toMatchObject({ fault: false });
  });
});

describe('the past', () => {
  test('is a value at each step, and null where there is none', async () => {
    const source = await opened({ prometheus: { url: server.url, query: 'seconds{slot="{{slot}}"}' } });
    const past = await source.past!(OF, WINDOW, 60_000, io);
    expect(past).toMatchObject({ values: [0, 0.4, 0.8, 1.2, 1.6, 2, null, 2.8, 3.2, 3.6, 4] });
  });

  test('that has more values than Prometheus would answer says how to ask for fewer', async () => {
    const source = await opened({ prometheus: { url: server.url, query: 'seconds{slot="{{slot}}"}' } });
    const past = await source.past!(OF, { from: 0, to: WINDOW.to }, 1_000, io);
    expect(past).toMatchObject({ missing: expect.stringContaining('lengthen `interval`') as string });
  });
});

test('what an exporter says now is read, and gone once it is', async () => {
  const exporter = await startExporter(['lag{slot="blue"} 12.5']);
  const scraping = await startPrometheus({ scrape: [exporter.port] });
  try {
    const source = await opened({ prometheus: { url: scraping.url, query: 'lag{slot="{{slot}}"}' } });
    const read = (): Promise<Reading> => source.read(OF, { from: 0, to: Date.now() }, io);
    const value = await until(read, { what: 'a value', is: (reading) => 'value' in reading, every: 100 });
    expect(value).toMatchObject({ value: 12.5 });
    await exporter.close();
    const none = await until(read, { what: 'no value', is: (reading) => 'missing' in reading, every: 100 });
    expect(none).toMatchObject({ fault: false });
  } finally {
    await scraping.close();
  }
});

test('a Prometheus that ended is missing, not an error', async () => {
  const gone = await startPrometheus();
  const source = await opened({ prometheus: { url: gone.url, query: 'up{slot="{{slot}}"}' } });
  await gone.close();
  const reading = await source.read(OF, WINDOW, io);
  expect(reading).toMatchObject({
    missing: expect.stringMatching(/expected an answer of .*, seen .*ECONNREFUSED/) as string,
    fault: true,
  });
});

describe('a Prometheus behind TLS and a password', () => {
  const login = { username: 'spillway', password: 'correct-horse' };
  const folder = mkdtempSync(join(tmpdir(), 'spillway-ca-'));
  let guarded: PrometheusServer;
  beforeAll(async () => {
    guarded = await startPrometheus({ login, past: PAST });
    writeFileSync(join(folder, 'ca.pem'), guarded.ca!);
  });
  afterAll(async () => {
    await guarded.close();
    rmSync(folder, { recursive: true, force: true });
  });
  const ask = async (more: Record<string, unknown>, password = login.password): Promise<Reading> => {
    const prometheus = { url: guarded.url, query: 'seconds{slot="{{slot}}"}', ...more };
    const source = await opened({ prometheus }, { PASSWORD: password }, { projectDirectory: folder });
    return source.read(OF, WINDOW, io);
  };
  const basicAuth = { username: login.username, password: { env: 'PASSWORD' } };

  test('answers who knows its authority and the password', async () => {
    expect(await ask({ ca: 'ca.pem', basicAuth })).toMatchObject({ value: 4 });
  });

  test('is missing with another password, which is not told', async () => {
    const reading = await ask({ ca: 'ca.pem', basicAuth }, 'battery-staple');
    expect(reading).toMatchObject({
      missing: expect.stringMatching(/seen 401 .*correct its credentials/) as string,
      fault: true,
    });
    expect(JSON.stringify(reading)).not.toContain('battery-staple');
  });

  test('is missing without its authority, with a hint, and no later question would help [proves V]', async () => {
    const reading = await ask({ basicAuth });
    expect(reading).toMatchObject({
      missing: expect.stringMatching(/not trusted .*name its authority in `ca`/) as string,
      fault: true,
    });
    expect(reading).not.toHaveProperty('unreachable');
  });

  test('is missing at a host that its certificate does not name, with a hint [proves V]', async () => {
    const reading = await ask({ basicAuth, ca: 'ca.pem', url: guarded.url.replace('127.0.0.1', 'localhost') });
    expect(reading).toMatchObject({
      missing: expect.stringMatching(/does not match .*: correct the host of its url, or its certificate/) as string,
    });
    expect(reading).not.toHaveProperty('unreachable');
  });

  test('needs the file of its authority', async () => {
    await expect(ask({ ca: 'none.pem', basicAuth })).rejects.toThrow(
      `expected a PEM file of an authority at ${folder}/none.pem, seen ENOENT: correct \`ca\``,
    );
  });
});
