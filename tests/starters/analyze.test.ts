import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { registerAnalyze } from '../../starters/analyze';
import { hangs, says, startServer } from '../metrics/http-server';
import { command } from '../support/in-process';
import { remembered, startPrometheus, type PrometheusServer } from '../support/prometheus';
import { RIGHT } from './file/configuration-right';

const directory = mkdtempSync(join(tmpdir(), 'spillway-analyze-'));
const file = join(directory, 'spillway.yaml');

const MINUTE = 60_000;
const FROM = Math.floor((Date.now() - 6 * 3_600_000) / MINUTE) * MINUTE;
const TO = FROM + 20 * MINUTE;
const at = (moment: number): string => new Date(moment).toISOString();
const WHEN = ['--from', at(FROM), '--to', at(TO)];

// A little noise that repeats: ranks need values that differ.
const noise = (i: number): number => ((i * 37) % 23) / 100;
const series = (name: string, value: (i: number) => number | string): string[] =>
  remembered(
    name,
    FROM - 60 * MINUTE,
    10,
    Array.from({ length: 481 }, (_, i) => value(i)),
  );
const PAST = [
  ...series('asked_total{slot="blue",code="200"}', (i) => 100 * i),
  ...series('asked_total{slot="blue",code="500"}', (i) => i),
  ...series('asked_total{slot="green",code="200"}', (i) => 10 * i),
  ...series('asked_total{slot="green",code="500"}', (i) => i),
  ...series('restarted_total{slot="blue",code="200"}', (i) => 100 * i),
  ...series('restarted_total{slot="blue",code="500"}', (i) => i),
  ...series('restarted_total{slot="green",code="200"}', (i) => (i < 400 ? 100 * i : 100 * (i - 400))),
  ...series('restarted_total{slot="green",code="500"}', (i) => (i < 400 ? i : i - 400)),
  ...series('seconds{slot="blue",version="1.0.0"}', (i) => 1 + noise(i)),
  ...series('seconds{slot="green",version="1.1.0"}', (i) => 1 + noise(i + 7)),
  ...series('lag{slot="blue"}', (i) => 5 + noise(i)),
  ...series('lag{slot="green"}', (i) => 9 + noise(i + 3)),
];

let server: PrometheusServer;
beforeAll(async () => {
  server = await startPrometheus({ past: PAST });
});
afterAll(async () => {
  await server.close();
  rmSync(directory, { recursive: true, force: true });
});

const SECONDS = `{name: latency, direction: increase, prometheus: {url: 'http://127.0.0.1:1', query: 'seconds{slot="{{slot}}"}'}}`;
const LAG = `{name: lag, direction: increase, prometheus: {url: 'http://127.0.0.1:1', query: 'lag{slot="{{slot}}"}'}}`;
const ERRORS = `{name: errors, prometheus: {url: 'http://127.0.0.1:1', bad: 'asked_total{slot="{{slot}}",code="500"}', total: 'asked_total{slot="{{slot}}"}'}}`;

async function analyze(metrics: string[], ...more: string[]) {
  writeFileSync(file, `${RIGHT}canary: {analysis: {metrics: [${metrics.join(', ')}]}}\n`);
  return command(registerAnalyze, 'analyze', '-f', file, '--prometheus', server.url, ...WHEN, ...more);
}

test('a version that was as good passes, and ends with 0', async () => {
  const said = await analyze([SECONDS], '--json');
  expect(said).toMatchObject({ exitCode: 0, stderr: '' });
  expect(JSON.parse(said.stdout)).toMatchObject({
    verdict: 'pass',
    score: 100,
    metrics: [{ name: 'latency', label: 'pass', dryRun: false }],
    canary: { of: { app: 'shop', environment: 'production', slot: 'green' }, window: { from: FROM, to: TO } },
    baseline: { of: { slot: 'blue' } },
    skipped: [],
  });
});

test('a version that was worse fails, and ends with 1', async () => {
  const said = await analyze([SECONDS, ERRORS, LAG], '--json');
  expect(said.exitCode).toBe(1);
  const { verdict, metrics } = JSON.parse(said.stdout) as {
    verdict: string;
    metrics: { name: string; label: string; reason: string }[];
  };
  expect(verdict).toBe('fail');
  expect(metrics.map(({ name, label }) => [name, label])).toEqual([
    ['latency', 'pass'],
    ['errors', 'high'],
    ['lag', 'high'],
  ]);
  expect(metrics[1]!.reason).toContain('120 of 1320 (9.091 %) of the canary, 120 of 12120 (0.9901 %) of the baseline');
});

test('a version that lost what it counted is no pass, and it is said [proves P]', async () => {
  const restarted = ERRORS.replaceAll('asked_total', 'restarted_total');
  const said = await analyze([SECONDS, restarted], '--json');
  expect(said.exitCode).toBe(1);
  const gap = 'canary: a counter fell 3 times, what it lost is not known';
  expect(JSON.parse(said.stdout)).toMatchObject({
    verdict: 'inconclusive',
    reason: `errors lost evidence (${gap}): choose a time without it`,
    metrics: [{ label: 'pass' }, { label: 'inconclusive', reason: expect.stringContaining(gap) as string }],
  });
  const shown = await analyze([SECONDS, restarted.replace('{name: errors', '{name: errors, dryRun: true')]);
  expect(shown.exitCode).toBe(0);
  expect(shown.stdout).toContain(gap);
});

test('people read what was compared, a line for each metric, and the verdict', async () => {
  const { stdout } = await analyze([LAG, '{name: memory, containers: {measure: memory}}']);
  expect(stdout.split('\n')).toEqual([
    `20 min of green from ${at(FROM)}, compared with blue from ${at(FROM)}`,
    '',
    expect.stringMatching(/metric +group +why/),
    expect.stringMatching(/^high +lag +default +canary is higher: shift 4/),
    '',
    'fail with a score of 0 (score 0: lag (high); 75 is marginal)',
    'left out: memory, a container remembers nothing',
    '',
  ]);
});

test('a metric that is only shown decides nothing', async () => {
  const said = await analyze([SECONDS, LAG.replace('{name: lag', '{name: lag, dryRun: true')]);
  expect(said.exitCode).toBe(0);
  expect(said.stdout).toMatch(/high +lag \(dry run\)/);
});

test('a slot may be compared with itself at another time', async () => {
  const said = await analyze([LAG], '--baseline-slot', 'green', '--baseline-from', at(FROM - 30 * MINUTE));
  expect(said.stdout).toContain(`compared with green from ${at(FROM - 30 * MINUTE)}`);
  expect(said.exitCode).toBe(0);
});

test('a version stands in its query when it is named', async () => {
  const versions = `{name: latency, prometheus: {url: 'http://127.0.0.1:1', query: 'seconds{version="{{version}}"}'}}`;
  const unnamed = await analyze([versions], '--canary-version', '1.1.0');
  expect(unnamed.exitCode).toBe(64);
  expect(unnamed.stderr).toContain(
    'expected --canary-version and --baseline-version, since {{version}} stands in the query of "latency"',
  );
  const named = await analyze([versions], '--canary-version', '1.1.0', '--baseline-version', '1.0.0');
  expect(named).toMatchObject({ exitCode: 0 });
  expect(named.stdout).toContain('20 min of green 1.1.0 from');
});

test('time without data is no pass, and says why', async () => {
  const said = await command(
    registerAnalyze,
    'analyze',
    '--config',
    file,
    '--prometheus',
    server.url,
    '--from',
    '20m',
    '--baseline-version',
    'a',
    '--canary-version',
    'b',
  );
  expect(said.exitCode).toBe(1);
  expect(said.stdout).toMatch(/nodata +latency .*have no data; expected one series from .*, seen none/);
});

test.each([
  [
    'a query that is wrong',
    SECONDS.replace('seconds{slot="{{slot}}"}', 'sum(seconds{slot="{{slot}}"}'),
    [],
    /canary.analysis.metrics\[0\]: expected an answer to .*parse error/,
  ],
  ['a query with several answers', SECONDS.replace('seconds{', 'asked_total{'), [], /seen 2, such as/],
  [
    'a query that answers a text',
    SECONDS.replace('seconds{slot="{{slot}}"}', '"{{slot}}"'),
    [],
    /metrics\[0\]: expected .*"green"/,
  ],
  [
    'no metric that can be asked',
    '{name: memory, containers: {measure: memory}}',
    [],
    /expected a metric with `prometheus`/,
  ],
  ['an end before the beginning', SECONDS, ['--to', at(FROM - 1)], /expected --from to be before --to/],
  ['no moment', SECONDS, ['--to', 'yesterday'], /expected a moment \(2026-11-21T10:00:00Z/],
  ['a slot that is none', SECONDS, ['--slot', 'red'], /expected blue or green/],
  ['a slot compared with itself', SECONDS, ['--baseline-slot', 'green'], /it would be compared with itself/],
  ['more values than are answered', SECONDS, ['--from', '2000-01-01'], /lengthen `interval`/],
  ['a mistake in the configuration', SECONDS.replace('{{slot}}', '{{slto}}'), [], /did you mean \{\{slot\}\}\?/],
])('%s ends with 64 and says what is wrong', async (_, metric, more, reason) => {
  const said = await analyze([metric], ...more);
  expect(said.exitCode).toBe(64);
  expect(said.stderr).toMatch(reason);
});

test('a Prometheus that does not answer ends with 69', async () => {
  const said = await analyze([SECONDS], '--prometheus', 'http://127.0.0.1:1');
  expect(said.exitCode).toBe(69);
  expect(said.stderr).toMatch(/ECONNREFUSED/);
  const silent = await startServer(hangs);
  const slow = await analyze(
    [SECONDS.replace('query:', 'timeout: 300ms, query:')],
    '--prometheus',
    new URL(silent.url).origin,
  );
  await silent.close();
  expect(slow.exitCode).toBe(69);
});

test('what is not Prometheus is told apart from one that is', async () => {
  const page = await startServer(says('<html>Sign in</html>'));
  const said = await analyze([SECONDS], '--prometheus', new URL(page.url).origin);
  await page.close();
  expect(said.exitCode).toBe(64);
  expect(said.stderr).toContain('expected the JSON of Prometheus from');
});

test('a token is sent, and never told', async () => {
  const parrot = await startServer((answer) => void answer.writeHead(403).end('tok-hunter2 may not'));
  process.env.ANALYZE_TOKEN = 'tok-hunter2';
  const withToken = SECONDS.replace('query:', 'bearerToken: {env: ANALYZE_TOKEN}, query:');
  const said = await analyze([withToken], '--prometheus', new URL(parrot.url).origin);
  delete process.env.ANALYZE_TOKEN;
  await parrot.close();
  expect(parrot.asked[0]!.headers.authorization).toBe('Bearer tok-hunter2');
  expect(said.exitCode).toBe(64);
  expect(said.stderr).toMatch(/seen 403 \(\[redacted\] may not\): correct its credentials/);
  const unset = await analyze([withToken]);
  expect(unset).toMatchObject({
    exitCode: 64,
    stderr: 'error: expected a value in secret { env: ANALYZE_TOKEN }, seen none: set it where this command runs\n',
  });
});

test('its help teaches how to use it', async () => {
  const { stdout } = await command(registerAnalyze, 'analyze', '--help');
  expect(stdout).toMatch(/would have caught a bad release[^]*Examples:[^]*Exit codes: 0 passes · 1 fails/);
});
