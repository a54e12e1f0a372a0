import { readdir } from 'node:fs/promises';
import type { PreflightCheck } from '../../activities/steps';
import { startExporter, startPrometheus, type Exporter, type PrometheusServer } from '../support/prometheus';
import { says, startServer } from '../metrics/http-server';
import { ActivityWorld } from '../support/activity-world';
import { until } from '../support/until';

const OLD = '20261121-100000-1.0.0-aaaa';
const NEW = '20261121-110000-1.1.0-bbbb';

let world: ActivityWorld;
let exporter: Exporter;
let prometheus: PrometheusServer;

beforeAll(async () => {
  world = await ActivityWorld.open({ METRIC_TOKEN: 'tok-hunter2' });
  exporter = await startExporter([]);
  prometheus = await startPrometheus({ scrape: [exporter.port] });
});
afterAll(async () => {
  await Promise.all([world.close(), prometheus.close(), exporter.close()]);
});

const asks = (query: string) => ({ prometheus: { url: prometheus.url, query } });

async function checked(...metrics: Record<string, unknown>[]): Promise<PreflightCheck[]> {
  world.change = (raw) => (raw.canary = { analysis: { metrics } });
  const { checks } = await world.preflight(world.step(NEW, '1.1.0'), { fence: false });
  return checks.filter(({ name }) => name.startsWith('metric '));
}

describe('on a first release', () => {
  test('it is enough that sources answer, since nothing is live that they could measure', async () => {
    const answers = await startServer(says({ value: null }));
    const checks = await checked(
      { name: 'lag', ...asks('lag{slot="{{slot}}"}') },
      { name: 'memory', containers: { measure: 'memory' } },
      { name: 'queue', command: { run: ['false'] } },
      { name: 'hook', webhook: { url: answers.url } },
    );
    await answers.close();
    const detail = 'its source answers; nothing is live that it could measure';
    expect(checks).toEqual(
      ['lag', 'memory', 'queue', 'hook'].map((name) => ({ name: `metric ${name}`, ok: true, detail })),
    );
  });

  test('a source that does not answer, or a query that cannot be right, stops it', async () => {
    const checks = await checked(
      { name: 'gone', prometheus: { url: 'http://127.0.0.1:1', query: 'up{slot="{{slot}}"}' } },
      { name: 'mistyped', ...asks('sum(lag{slot="{{slot}}"}') },
      { name: 'program', command: { run: ['no-such-program'] } },
      { name: 'secret', webhook: { url: 'http://127.0.0.1:1', headers: { 'X-Key': { env: 'NO_SUCH_VARIABLE' } } } },
    );
    expect(checks.map(({ ok }) => ok)).toEqual([false, false, false, false]);
    const [gone, mistyped, program, secret] = checks.map(({ detail }) => detail);
    expect(gone).toMatch(
      /^canary.analysis.metrics\[0\], asked about a first release: expected an answer of .*ECONNREFUSED/,
    );
    expect(mistyped).toMatch(/^canary.analysis.metrics\[1\].*parse error.*correct the query/);
    expect(program).toMatch(/expected the program "no-such-program".*nothing was changed$/);
    expect(secret).toContain('Secret { env: NO_SUCH_VARIABLE }: expected a value in the environment of the worker');
  });
});

describe('with a live version', () => {
  beforeAll(async () => {
    world.change = () => undefined;
    await world.release(OLD, '1.0.0', 'blue');
    exporter.lines = [
      'lag{slot="blue",version="1.0.0"} 3',
      'asked_total{slot="blue"} 90',
      'many{slot="blue",a="1"} 1',
      'many{slot="blue",a="2"} 1',
    ];
    const scraped = async () => {
      const answer = await fetch(`${prometheus.url}/api/v1/query?query=many`);
      return ((await answer.json()) as { data: { result: unknown[] } }).data.result;
    };
    await until(scraped, { what: 'both series', is: (seen) => seen.length === 2, every: 100 });
  });

  test('each metric is asked about it, and passes when it answers', async () => {
    const checks = await checked(
      { name: 'lag', ...asks('lag{slot="{{slot}}",version="{{version}}"}') },
      {
        name: 'errors',
        prometheus: {
          url: prometheus.url,
          bad: 'asked_total{slot="{{slot}}"} * 0',
          total: 'asked_total{slot="{{slot}}"}',
        },
      },
      { name: 'memory', service: 'web', containers: { measure: 'memory', timeout: '15s' } },
      { name: 'release', command: { run: ['sh', '-c', `test "$RELEASE" = ${OLD} && echo 7`] } },
    );
    expect(checks.map(({ ok, detail }) => [ok, detail])).toEqual([
      [true, '1.0.0 in blue, which is live: 3'],
      [true, expect.stringMatching(/^1.0.0 in blue, which is live: 0 of \d+ in the last 5 min$/)],
      [true, expect.stringMatching(/^1.0.0 in blue, which is live: \d+/)],
      [true, '1.0.0 in blue, which is live: 7'],
    ]);
  });

  test('one that returns nothing stops the release before anything changes, and says what to do', async () => {
    const before = (await readdir(world.state)).sort();
    const [nothing, several, text, typing] = await checked(
      { name: 'nothing', ...asks('lagg{slot="{{slot}}"}') },
      { name: 'several', ...asks('many{slot="{{slot}}"}') },
      { name: 'text', ...asks('"{{slot}}"') },
      { name: 'fails', command: { run: ['false'] } },
    );
    expect(nothing).toEqual({
      name: 'metric nothing',
      ok: false,
      detail:
        'canary.analysis.metrics[0], asked about 1.0.0 in blue, which is live: expected one series from lagg{slot="blue"}, ' +
        'seen none. Correct it or what it measures, or remove the metric; nothing was changed',
    });
    expect(several!.detail).toMatch(/seen 2, such as .*aggregate them/);
    expect(text!.detail).toContain('seen a string');
    expect(typing).toMatchObject({ ok: false });
    expect((await readdir(world.state)).sort()).toEqual(before);
  });

  test('one that a failed scrape hid for a moment is asked again', async () => {
    const none = { status: 'success', data: { resultType: 'vector', result: [] } };
    const one = { status: 'success', data: { resultType: 'vector', result: [{ metric: {}, value: [0, '8'] }] } };
    const front = await startServer(says(none), says(one));
    const [metric] = await checked({ name: 'm', prometheus: { url: front.url, query: 'lag{slot="{{slot}}"}' } });
    await front.close();
    expect(metric).toMatchObject({ ok: true, detail: '1.0.0 in blue, which is live: 8' });
    expect(front.asked).toHaveLength(2);
  });

  test('one that is overloaded for a moment is asked again, and then passes [proves V]', async () => {
    const busy = says('busy', 503, { 'retry-after': '0' });
    const front = await startServer(busy, busy, busy, says({ value: 8 }));
    const [metric] = await checked({ name: 'm', webhook: { url: front.url } });
    await front.close();
    expect(metric).toMatchObject({ ok: true, detail: '1.0.0 in blue, which is live: 8' });
  });

  test('one that stays overloaded does not answer, and nothing is to be corrected [proves V]', async () => {
    const front = await startServer(says('busy', 503, { 'retry-after': '0' }));
    const [metric] = await checked({ name: 'm', webhook: { url: front.url } });
    await front.close();
    expect(metric).toMatchObject({ ok: false, unreachable: true });
    expect(metric!.detail).toMatch(/seen 503 \(busy\)\. Try again once it answers; nothing was changed$/);
  });

  test('one that is not trusted, or is no program, is to be corrected [proves V]', async () => {
    const checks = await checked(
      { name: 'plain', prometheus: { url: prometheus.url.replace('http:', 'https:'), query: 'up{slot="{{slot}}"}' } },
      { name: 'program', command: { run: ['no-such-program'] } },
    );
    expect(checks).toHaveLength(2);
    for (const check of checks) {
      expect(check.detail).toMatch(/\. Correct it or what it measures, or remove the metric; nothing was changed$/);
      expect(check).not.toHaveProperty('unreachable');
    }
  });

  test('one that is only shown does not stop it', async () => {
    const [metric] = await checked({ name: 'shown', dryRun: true, ...asks('lagg{slot="{{slot}}"}') });
    expect(metric).toMatchObject({ ok: true });
    expect(metric!.detail).toMatch(/^not measured, but `dryRun` decides nothing: .*seen none$/);
  });

  test('a token that a source repeats is not told', async () => {
    const parrot = await startServer((answer) => void answer.writeHead(403).end('tok-hunter2 may not'));
    const [metric] = await checked({
      name: 'parrot',
      webhook: { url: parrot.url, headers: { Authorization: { env: 'METRIC_TOKEN' } } },
    });
    expect(parrot.asked[0]!.headers.authorization).toBe('tok-hunter2');
    await parrot.close();
    expect(metric!.detail).toMatch(/seen 403 \(\[redacted\] may not\): correct its credentials/);
  });

  test('a bearer token is sent, and makes the app no other one', async () => {
    const front = await startServer(says({ status: 'success', data: { resultType: 'scalar', result: [0, '1'] } }));
    const { configurationIdentity } = await world.preflight(world.step(NEW), { fence: false });
    const metric = { url: front.url, query: 'up{slot="{{slot}}"}', bearerToken: { env: 'METRIC_TOKEN' } };
    world.change = (raw) => (raw.canary = { analysis: { metrics: [{ name: 'm', prometheus: metric }] } });
    const report = await world.preflight(world.step(NEW), { fence: false });
    await front.close();
    expect(front.asked[0]!.headers.authorization).toBe('Bearer tok-hunter2');
    expect(report.configurationIdentity).toBe(configurationIdentity);
  });
});

describe('what no canary could be judged by stops the release, with what to do', () => {
  const answering = async (body: unknown, metric: (url: string) => object): Promise<PreflightCheck> => {
    const front = await startServer(says(body));
    const [check] = await checked({ name: 'm', ...metric(front.url) });
    await front.close();
    return check!;
  };
  const asked = (url: string) => ({ prometheus: { url, query: 'lag{slot="{{slot}}"}' } });

  test('a part of an answer [proves S]', async () => {
    const data = { resultType: 'vector', result: [{ metric: {}, value: [0, '8'] }] };
    const check = await answering({ status: 'success', warnings: ['store unreachable'], data }, asked);
    expect(check).toMatchObject({ ok: false });
    expect(check.detail).toMatch(/expected a whole answer to .*, seen a part of it: store unreachable/);
  });

  test('a range vector [proves U]', async () => {
    const [check] = await checked({ name: 'range', ...asks('lag{slot="{{slot}}"}[5m]') });
    expect(check).toMatchObject({ ok: false });
    expect(check!.detail).toMatch(/seen a range vector: remove the range/);
  });

  test('a value that was measured long ago [proves U]', async () => {
    const old = { value: 5, measured: new Date(Date.now() - 10 * 60_000).toISOString() };
    const check = await answering(old, (url) => ({ webhook: { url } }));
    expect(check).toMatchObject({ ok: false });
    expect(check.detail).toMatch(/expected a value of now, seen 5, measured 10 min.* ago/);
  });

  test('counts that are the same for a second and for minutes, unless they say that they are of all time [proves Q]', async () => {
    const ever = { bad: 3, total: 5_000 };
    const check = await answering(ever, (url) => ({ webhook: { url, answers: 'counts' } }));
    expect(check).toMatchObject({ ok: false });
    expect(check.detail).toMatch(/expected events between FROM and TO, .*or write `answers: counters`/);
    expect(await answering(ever, (url) => ({ webhook: { url, answers: 'counters' } }))).toMatchObject({ ok: true });
  });
});
