import { readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parse } from 'yaml';
import type { PreflightCheck } from '../../activities/steps';
import { appConfigSchema } from '../../domain/config';
import { says, startServer, type HttpServer } from '../metrics/http-server';
import { ActivityWorld } from '../support/activity-world';
import { startPrometheus, type PrometheusServer } from '../support/prometheus';
import { until } from '../support/until';

const PAGE = readFileSync(join(__dirname, '../../docs/metrics.md'), 'utf8');
const METRICS = `let n = 0; require('node:http').createServer((q, r) => { n++; r.end([
  'http_request_seconds_bucket{le="0.1"} ' + n, 'http_request_seconds_bucket{le="+Inf"} ' + n,
  'orders_total{result="done"} ' + n, ''].join('\\n')); }).listen(8080); process.on('SIGTERM', () => process.exit(0))`;

/** A block of the page, as somebody would copy it. */
function block(language: string, name: string): string {
  const found = new RegExp(`^\`\`\`${language} ${name}\\n(.*?)^\`\`\`$`, 'ms').exec(PAGE)?.[1];
  if (!found) throw new Error(`expected a block "${language} ${name}" in docs/metrics.md`);
  return found;
}

let world: ActivityWorld;
let prometheus: PrometheusServer;
let server: HttpServer;

beforeAll(async () => {
  world = await ActivityWorld.open({ ORDERS_TOKEN: 'orders-token', METRICS_TOKEN: 'metrics-token' });
  world.change = (raw) => (raw.services.web.command = ['-e', METRICS]);
  await world.release('20261121-100000-1.0.0-aaaa', '1.0.0', 'blue');
  const scraping = block('yaml', 'prometheus.yml')
    .replaceAll('5s', '200ms')
    .replace('app=shop', `app=${world.scope.app}`);
  prometheus = await startPrometheus({ config: scraping });
  server = await startServer(says('12'));
});
afterAll(async () => {
  await Promise.all([world.close(), prometheus.close(), server.close()]);
});

async function preflight(name: string): Promise<PreflightCheck[]> {
  const { canary } = parse(block('yaml', name)) as {
    canary: { analysis: { metrics: Record<string, { url?: string }>[] } };
  };
  for (const { prometheus: asked, webhook } of canary.analysis.metrics) {
    if (asked) asked.url = prometheus.url;
    if (webhook) webhook.url = server.url;
  }
  world.change = (raw) => {
    raw.services.web.command = ['-e', METRICS];
    raw.canary = canary;
  };
  const report = await world.preflight(world.step('20261121-110000-1.1.0-bbbb', '1.1.0'), { fence: false });
  return report.checks.filter((check) => check.name.startsWith('metric '));
}

/** What Prometheus has just begun to scrape is there after a moment. */
async function untilItPasses(name: string): Promise<PreflightCheck[]> {
  let checks: PreflightCheck[] = [];
  await until(async () => (checks = await preflight(name)).every(({ ok }) => ok));
  return checks;
}

test('the scrape configuration gives metrics of the app the labels that the queries use', async () => {
  const [p95] = await untilItPasses('value');
  expect(p95).toMatchObject({ name: 'metric p95', ok: true });
  expect(p95!.detail).toMatch(/^1.0.0 in blue, which is live: 0.0/);
});

test('the counters are counted', async () => {
  const [orders] = await untilItPasses('counts');
  expect(orders!.detail).toMatch(/^1.0.0 in blue, which is live: 0 of \d+ in the last 5 min/);
});

test('the program asks as it is told', async () => {
  const script = block('sh', 'open-orders.sh').replace('http://orders.internal/open', server.url);
  await writeFile(join(world.project, 'open-orders.sh'), script, { mode: 0o755 });
  expect(await preflight('command')).toEqual([
    { name: 'metric open orders', ok: true, detail: '1.0.0 in blue, which is live: 12' },
  ]);
  expect(server.asked.at(-1)!.headers.authorization).toBe('Bearer orders-token');
});

test('the webhook is asked as the page says', async () => {
  expect(await preflight('webhook')).toEqual([
    { name: 'metric checkout conversion', ok: true, detail: '1.0.0 in blue, which is live: 12' },
  ]);
  const { headers, body } = server.asked.at(-1)!;
  expect(headers.authorization).toBe('metrics-token');
  const shown = JSON.parse(/^```json\n(.*?)^```$/ms.exec(PAGE)![1]!) as object;
  expect(Object.keys(JSON.parse(body) as object)).toEqual(Object.keys(shown));
});

test('the containers are measured', async () => {
  const checks = await preflight('containers');
  expect(checks.map(({ name, ok }) => [name, ok])).toEqual([
    ['metric memory', true],
    ['metric cpu', true],
  ]);
});

test('every example is a configuration that is right', () => {
  const services = { web: { image: 'w:{version}', port: 80, routes: [{ port: 80 }] } };
  for (const name of [
    'value',
    'counts',
    'access',
    'kubernetes',
    'kubernetes-label',
    'command',
    'webhook',
    'containers',
  ]) {
    const raw = { version: 1, app: 'shop', services, ...(parse(block('yaml', name)) as object) };
    expect(appConfigSchema.safeParse(raw).error).toBeUndefined();
  }
});
