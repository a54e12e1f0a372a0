import type { Reading } from '../../../metrics/metric';
import { remembered, startPrometheus, type PrometheusServer } from '../../support/prometheus';
import { says, startServer } from '../http-server';
import { io, OF, opened } from '../opened';

/* Answers that look like one and are none. What no Prometheus here can be made to say is said by a server in its place. */

const MINUTE = 60_000;
const BEGAN = Math.floor((Date.now() - 5 * 3_600_000) / MINUTE) * MINUTE;
const WINDOW = { from: BEGAN, to: BEGAN + 10 * MINUTE };
const values = (value: (i: number) => number | string | null) => Array.from({ length: 41 }, (_, i) => value(i));
const PAST = [
  ...remembered(
    'lag{slot="blue"}',
    BEGAN,
    15,
    values((i) => i),
  ),
  ...remembered(
    'asked_total{slot="blue"}',
    BEGAN,
    15,
    values((i) => 10 * i),
  ),
  // Gone four minutes before the end: Prometheus answers its last value for five.
  ...remembered(
    'gone{slot="blue"}',
    BEGAN,
    15,
    values((i) => (i <= 24 ? i : null)),
  ),
];

let server: PrometheusServer;
beforeAll(async () => {
  server = await startPrometheus({ past: PAST });
});
afterAll(() => server.close());

const LAG = { query: 'lag{slot="{{slot}}"}' };
const COUNTS = { bad: 'asked_total{slot="{{slot}}",code="500"} or vector(0)', total: 'asked_total{slot="{{slot}}"}' };

async function read(queries: object, url = server.url, window = WINDOW): Promise<Reading> {
  const source = await opened({ prometheus: { url, timeout: '15s', ...queries } });
  return source.read(OF, window, io);
}

/** Asks somebody who answers this to everything. */
async function readFrom(body: unknown, queries: object = LAG, status = 200): Promise<Reading> {
  const front = await startServer(says(body, status));
  const reading = await read(queries, front.url);
  await front.close();
  return reading;
}

const vector = (...result: object[]) => ({ status: 'success', data: { resultType: 'vector', result } });
const ONE = { metric: { slot: 'blue' }, value: [BEGAN / 1_000, '3'] };
const samples = {
  metric: { __name__: 'asked_total' },
  values: [
    [BEGAN / 1_000, '3'],
    [BEGAN / 1_000 + 15, '9'],
  ],
};
const matrix = (...result: object[]) => ({ status: 'success', data: { resultType: 'matrix', result } });

describe('an answer that lacks a part is missing, which is said [proves S]', () => {
  test.each([
    ['a warning', { ...vector(ONE), warnings: ['store unreachable'] }, LAG, 'store unreachable'],
    ['a warning about counts', { ...matrix(samples), warnings: ['store unreachable'] }, COUNTS, 'store unreachable'],
    [
      'a limit',
      { ...vector(ONE), warnings: ['results truncated due to limit'] },
      LAG,
      'results truncated due to limit',
    ],
    ['a partial answer of VictoriaMetrics', { ...vector(ONE), isPartial: true }, LAG, 'some of its storage'],
    ['a warning beside nothing', { ...vector(), warnings: ['store unreachable'] }, LAG, 'store unreachable'],
    ['a warning behind advice', { ...vector(ONE), warnings: ['PromQL info: x', 'store'] }, LAG, ': store'],
  ])('%s', async (_, body, queries, reason) => {
    const reading = await readFrom(body, queries);
    expect(reading).toMatchObject({
      missing: expect.stringContaining('expected a whole answer to ') as string,
      fault: false,
    });
    expect(reading).toMatchObject({ missing: expect.stringContaining(reason) as string });
  });
});

test.each([
  ['infos', { ...vector(ONE), infos: ['PromQL info: metric might not be a counter'] }],
  [
    'advice among the warnings, as before version 3',
    { ...vector(ONE), warnings: ['PromQL info: might be no counter'] },
  ],
  ['no warnings', { ...vector(ONE), warnings: [] }],
])('%s are no lack [proves S]', async (_, body) => {
  expect(await readFrom(body)).toMatchObject({ value: 3 });
});

test('Thanos is told not to answer with a part [proves S]', async () => {
  const front = await startServer(says(vector(ONE)));
  await read(LAG, front.url);
  await front.close();
  expect(front.asked[0]!.body).toContain('partial_response=false');
});

test.each([
  ['a page that asks to sign in', '<html>Sign in</html>', 200],
  ['half of an answer', JSON.stringify(vector(ONE)).slice(0, 60), 200],
  ['nothing', '', 200],
  ['series of another shape', vector({ metric: {}, value: 3 }), 200],
  ['a value that is empty', vector({ metric: {}, value: [1, ''] }), 200],
  ['success without data', { status: 'success' }, 200],
  ['a text in place of a list', { status: 'success', data: { resultType: 'vector', result: 'none' } }, 200],
])('%s is missing, never a number [proves S, U]', async (_, body, status) => {
  for (const queries of [LAG, COUNTS]) expect(await readFrom(body, queries, status)).toMatchObject({ fault: true });
});

describe('an error that may be gone the next time does not blame the query', () => {
  const failed = (errorType: string, error: string) => ({ status: 'error', errorType, error });

  test.each([
    ['of a busy Prometheus [proves S, V]', failed('timeout', 'query timed out'), 503],
    ['of a query that was stopped [proves V]', failed('canceled', 'query was canceled'), 422],
    ['of one store of several [proves V]', failed('execution', 'expanding series: context deadline exceeded'), 422],
    ['of a store that starts [proves V]', failed('execution', 'rpc error: code = Unavailable desc = no'), 422],
    ['of a crowded front [proves V]', failed('bad_data', 'too many outstanding requests'), 400],
    ['of a store behind a slow network [proves V]', failed('execution', 'dial tcp 10.0.0.7:10901: i/o timeout'), 422],
    ['of a store that is overloaded [proves V]', failed('422', 'cannot get series: timeout exceeded'), 422],
    ['of a proxy in front, as a page [proves V]', '<html>504 Gateway Time-out</html>', 504],
    ['of a proxy that waited too long for the question [proves V]', '<html>Request Time-out</html>', 408],
  ])('%s', async (_, body, status) => {
    const reading = await readFrom(body, LAG, status);
    expect(reading).toMatchObject({ missing: expect.not.stringContaining('correct') as string, unreachable: true });
  });

  test('while a mistake in the query does [proves V]', async () => {
    const reading = await readFrom(failed('execution', 'found duplicate series: many-to-many'), LAG, 422);
    expect(reading).toMatchObject({ missing: expect.stringMatching(/many-to-many: correct the query$/) as string });
    expect(reading).not.toHaveProperty('unreachable');
  });

  test.each([
    'invalid parameter "query": 1:20: parse error: unexpected identifier "cancelled"',
    'unknown function "canceled"',
    'many-to-many matching on orders_cancelled_total',
  ])('while a mistake in a query does whatever its words: %s [proves V]', async (error) => {
    const reading = await readFrom(failed('bad_data', error), LAG, 400);
    expect(reading).toMatchObject({ missing: expect.stringMatching(/: correct the query$/) as string });
    expect(reading).not.toHaveProperty('unreachable');
  });
});

test.each([
  [401, { error: 'Unauthorized' }, /seen 401 .*: correct its credentials$/],
  [401, { status: 'error', error: 'authentication error: invalid token' }, /seen 401 .*: correct its credentials$/],
  [403, { error: 'Forbidden' }, /seen 403 .*: correct its credentials$/],
  [404, { error: 'no route' }, /seen 404 .*: correct its url$/],
  [405, { error: 'Method Not Allowed' }, /seen 405 .*: it takes no POST/],
  [400, { error: 'Bad Request' }, /expected status 200 of .*, seen 400/],
])('a guard that answers %i in JSON of its own blames no query [proves T, V]', async (status, body, reason) => {
  const reading = await readFrom(body, LAG, status);
  expect(reading).toMatchObject({ missing: expect.stringMatching(reason) as string, fault: true });
  expect(reading).toMatchObject({ missing: expect.not.stringContaining('correct the query') as string });
});

describe('a proxy that lets no POST through [proves T]', () => {
  test.each([403, 404, 405, 501])('with %s is asked by GET, and from then on only so', async (status) => {
    const front = await startServer(says('<html>no</html>', status), says(vector(ONE)));
    const source = await opened({ prometheus: { url: front.url, timeout: '15s', ...LAG } }, {});
    for (let time = 0; time < 2; time++) expect(await source.read(OF, WINDOW, io)).toMatchObject({ value: 3 });
    const [, ...gets] = front.asked;
    await front.close();
    expect(new Set(gets.map(({ method, body }) => `${method} ${body}`))).toEqual(new Set(['GET ']));
    const { searchParams } = new URL(gets[0]!.path, front.url);
    expect(searchParams.get('query')).toContain('lag{slot="blue"}');
  });

  test('nor any GET has wrong credentials, and a POST is tried first again', async () => {
    const front = await startServer(says('may not', 403));
    const source = await opened({ prometheus: { url: front.url, timeout: '15s', ...LAG } }, {});
    const reading = await source.read(OF, WINDOW, io);
    expect(reading).toMatchObject({ missing: expect.stringMatching(/403 .*correct its credentials/) as string });
    await source.read(OF, WINDOW, io);
    await front.close();
    const methods = front.asked.map(({ method }) => method);
    expect(methods.lastIndexOf('POST')).toBeGreaterThan(methods.indexOf('GET'));
  });

  describe('but a GET, is believed when what it guards', () => {
    const mistake = { status: 'error', errorType: 'bad_data', error: '1:5: parse error: unexpected end' };

    test.each<[string, number, number, unknown, RegExp, boolean]>([
      ['does not understand the query', 405, 400, mistake, /parse error: unexpected end: correct the query$/, false],
      ['does not understand the query, either', 404, 400, mistake, /unexpected end: correct the query$/, false],
      ['is away', 405, 503, 'away', /seen 503 \(away\)$/, true],
      ['wants credentials', 501, 401, 'who?', /seen 401 \(who\?\): correct its credentials$/, false],
      ['may not be asked', 405, 403, 'no', /seen 403 \(no\): correct its credentials$/, false],
      ['is not there', 405, 404, 'no', /seen 404 \(no\): correct its url$/, false],
      ['has no room for so long a query', 405, 414, 'long', /seen 414 \(long\): the question is too long/, false],
    ])('%s [proves T]', async (_, toPost, toGet, body, reason, passes) => {
      const front = await startServer((answer) => {
        const isPost = front.asked.at(-1)!.method === 'POST';
        return (isPost ? says('<html>no POST</html>', toPost) : says(body, toGet))(answer);
      });
      const reading = await read(LAG, front.url);
      await front.close();
      expect(reading).toMatchObject({ missing: expect.stringMatching(reason) as string, fault: true });
      if (passes) expect(reading).toHaveProperty('unreachable', true);
      else expect(reading).not.toHaveProperty('unreachable');
    });

    test('is not, when it lets no GET through either [proves T]', async () => {
      const front = await startServer((answer) => {
        const isPost = front.asked.at(-1)!.method === 'POST';
        return (isPost ? says('may not', 403) : says('no GET', 405))(answer);
      });
      const reading = await read(LAG, front.url);
      await front.close();
      expect(reading).toMatchObject({ missing: expect.stringMatching(/403 .*correct its credentials$/) as string });
    });
  });

  test('but redirects is not followed with credentials, and the reason names the place', async () => {
    const front = await startServer(says('', 301, { location: 'https://metrics.example/api/v1/query?key=secret' }));
    const reading = await read(LAG, front.url);
    await front.close();
    const reason = expect.stringMatching(
      /seen 301: it redirects to https:\/\/metrics\.example\/api\/v1\/query; correct/,
    ) as string;
    expect(reading).toMatchObject({ missing: reason, fault: true });
    expect(front.asked.every(({ path }) => path === '/canary/api/v1/query')).toBe(true);
  });
});

describe('what cannot be judged is refused, and told how to ask instead [proves U]', () => {
  test.each([
    ['a range vector', { query: 'lag{slot="{{slot}}"}[5m]' }, /seen a range vector: remove the range/],
    ['a range vector of nothing', { query: 'nothing{slot="{{slot}}"}[5m]' }, /seen a range vector/],
    ['a subquery', { query: 'lag{slot="{{slot}}"}[5m:1m]' }, /seen a range vector/],
    ['a string', { query: '"{{slot}}"' }, /seen a string/],
    ['a string that was counted', { ...COUNTS, total: 'asked_total{slot="{{slot}}"} # "' }, undefined],
  ])('%s', async (_, queries, reason) => {
    const reading = await read(queries);
    if (reason) expect(reading).toMatchObject({ missing: expect.stringMatching(reason) as string, fault: true });
    else expect(reading).toMatchObject({ total: 400 });
  });

  test('native histograms', async () => {
    const histogram = { metric: {}, histogram: [1, { count: '3', sum: '9', buckets: [] }] };
    const asked = await readFrom(vector(histogram));
    expect(asked).toMatchObject({
      missing: expect.stringMatching(/native histograms: ask for `histogram_quantile/) as string,
    });
    const counted = await readFrom(matrix({ metric: {}, histograms: [[1, { count: '3' }]] }), COUNTS);
    expect(counted).toMatchObject({ missing: expect.stringContaining('native histograms') as string, fault: true });
  });
});

test('a value says when it was scraped, also out of an expression [proves Q]', async () => {
  const at = BEGAN + 10 * MINUTE;
  const later = { from: BEGAN, to: at + 7_000 };
  for (const query of ['lag{slot="{{slot}}"}', 'sum(lag{slot="{{slot}}"}) * 1 # all', 'scalar(lag{slot="{{slot}}"})'])
    expect(await read({ query }, server.url, later)).toMatchObject({ value: 40, measured: { from: at, to: at } });
});

test('a value over a time is of that time [proves Q]', async () => {
  const at = BEGAN + 10 * MINUTE;
  const reading = await read({ query: 'sum(rate(asked_total{slot="{{slot}}"}[2m]))' }, server.url);
  expect(reading).toMatchObject({ measured: { from: at - 2 * MINUTE, to: at } });
});

test('the last value of what is gone is as old as it is, for as long as Prometheus answers it [proves U]', async () => {
  const reading = await read({ query: 'gone{slot="{{slot}}"}' });
  expect(reading).toMatchObject({ value: 24, measured: { to: BEGAN + 6 * MINUTE } });
});

test('a Prometheus whose clock is behind is asked about its own time [proves P]', async () => {
  // The machine believes that it is five hours later than it is where that Prometheus runs.
  const wrong = Date.now() - WINDOW.to;
  const front = await startServer((answer) => {
    const body = new URLSearchParams(front.asked.at(-1)!.body);
    void fetch(`${server.url}/api/v1/query`, { method: 'POST', body }).then(async (real) => {
      answer.writeHead(200, { date: new Date(Date.now() - wrong).toUTCString() }).end(await real.text());
    });
  });
  const now = Date.now();
  const value = await read(LAG, front.url, { from: now - 10 * MINUTE, to: now });
  const counts = await read(COUNTS, front.url, { from: now - 10 * MINUTE, to: now });
  await front.close();
  expect(value).toMatchObject({ value: expect.any(Number) as number });
  expect((value as { value: number }).value).toBeGreaterThanOrEqual(39);
  expect((value as { measured: { to: number } }).measured.to).toBeGreaterThan(now - MINUTE);
  expect(counts).toMatchObject({ bad: 0 });
  expect((counts as { total: number }).total).toBeGreaterThanOrEqual(390);
});
