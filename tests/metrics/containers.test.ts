import type { AppConfig } from '../../domain/config';
import type { Slot } from '../../domain/release';
import type { MetricSource, Reading } from '../../metrics/metric';
import { openMetric } from '../../metrics/open';
import { containerName } from '../../targets/docker/names';
import { openTarget } from '../../targets/open';
import {
  BUSYBOX,
  configOf,
  docker,
  EngineApp,
  releaseOf,
  specOf,
  targetConfig,
  webService,
} from '../targets/docker/fixture';
import { metricOf } from './opened';

const app = new EngineApp();
const { scope, io } = app;
const web = { scope, group: 'green' as const, service: 'web' };
let config: AppConfig;

beforeAll(async () => {
  const job = { image: BUSYBOX, command: ['sleep', '1000'], traffic: 'none', run: 'live-only', stopGrace: '0s' };
  config = configOf(scope.app, { services: { web: webService({ replicas: 2 }), api: webService(), job } });
  const image = await app.target.images.pull(BUSYBOX, 'web', io);
  for (const slot of ['blue', 'green'] as const) {
    const specs = ['web', 'api', 'job'].map((service) => specOf(config, service, image, service !== 'job'));
    await app.target.groups.deploy({ release: releaseOf(scope), slot, services: specs }, io);
  }
});

function open(containers: Record<string, unknown>, service?: string): Promise<MetricSource> {
  return openMetric(metricOf({ containers: { timeout: '15s', ...containers }, ...(service && { service }) }), {
    projectDirectory: '/',
    services: config.services,
    target: () => Promise.resolve(app.target),
    environment: {},
    secret: (value) => Promise.resolve(String(value)),
  });
}
const ask = (source: MetricSource, slot: Slot): Promise<Reading> =>
  source.read({ ...scope, slot, version: '1.0.0', release: 'r' }, { from: 0, to: Date.now() }, io);
const valueOf = (reading: Reading): number => ('value' in reading ? reading.value : NaN);

test('a leak shows in the memory of its slot only', async () => {
  const source = await open({ measure: 'memory' });
  const [before, other] = [valueOf(await ask(source, 'green')), valueOf(await ask(source, 'blue'))];
  expect(before).toBeGreaterThan(0);
  const leak = ['dd', 'if=/dev/zero', 'of=/tmp/leak', 'bs=1M', 'count=40'];
  expect((await app.target.replicas.exec({ ...web, replica: 2 }, leak, io)).exitCode).toBe(0);
  expect(valueOf(await ask(source, 'green')) - before).toBeGreaterThan(35e6);
  expect(Math.abs(valueOf(await ask(source, 'blue')) - other)).toBeLessThan(5e6);
});

test('a hot loop shows in the CPU of its slot and service only, at the first reading and later', async () => {
  const source = await open({ measure: 'cpu' }, 'web');
  const loop = ['sh', '-c', 'timeout 600 sh -c "while :; do :; done" >/dev/null 2>&1 &'];
  await app.target.replicas.exec({ ...web, replica: 1 }, loop, io);
  for (let reading = 0; reading < 2; reading++) {
    const [hot, cool] = [valueOf(await ask(source, 'green')), valueOf(await ask(source, 'blue'))];
    expect(cool).toBeGreaterThanOrEqual(0);
    expect(hot).toBeGreaterThan(cool + 5);
  }
  const others = await open({ measure: 'cpu' }, 'api');
  expect(valueOf(await ask(others, 'green'))).toBeLessThan(valueOf(await ask(source, 'green')));
});

test('a version that has fewer copies and services than the new configuration is measured as it is [proves R]', async () => {
  const { web, api } = config.services;
  const more = { ...config.services, web: { ...web!, replicas: 3 }, worker: api! };
  for (const service of [undefined, 'web']) {
    const source = await openMetric(
      metricOf({ containers: { measure: 'memory', timeout: '15s' }, ...(service !== undefined && { service }) }),
      {
        projectDirectory: '/',
        services: more,
        target: () => Promise.resolve(app.target),
        environment: {},
        secret: (value) => Promise.resolve(String(value)),
      },
    );
    expect(valueOf(await ask(source, 'blue'))).toBeGreaterThan(0);
  }
});

test('containers that are gone, stopped or not there are missing, not a smaller use', async () => {
  const source = await open({ measure: 'memory' }, 'web');
  const stopped = containerName(scope, 'web', 'blue', 1);
  await docker.getContainer(stopped).stop({ t: 0 });
  expect(await ask(source, 'blue')).toMatchObject({
    missing: `expected containers of web in blue to run, seen ${stopped} exited`,
    fault: false,
  });
  await docker.getContainer(stopped).remove({ force: true });
  expect(await ask(source, 'blue')).toMatchObject({ missing: expect.stringContaining('seen 1 of 2') as string });
  await app.target.groups.remove({ scope, group: 'blue', grace: 0 }, io);
  expect(await ask(source, 'blue')).toMatchObject({
    missing: 'expected containers of web in blue, seen none',
    fault: false,
  });
});

test('an engine that does not answer is missing, with the reason', async () => {
  const nowhere = await openTarget(targetConfig({ host: 'unix:///nowhere.sock' }), { variables: {} });
  const source = await openMetric(metricOf({ containers: { measure: 'cpu' } }), {
    projectDirectory: '/',
    services: config.services,
    target: () => Promise.resolve(nowhere),
    environment: {},
    secret: (value) => Promise.resolve(String(value)),
  });
  expect(await ask(source, 'blue')).toMatchObject({
    missing: expect.stringMatching(/expected a Docker engine at unix:\/\/\/nowhere.sock/) as string,
    fault: true,
  });
  await nowhere.close();
});
