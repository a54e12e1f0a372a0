import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { registerValidate } from '../../starters/validate';
import { command } from '../support/in-process';
import { RIGHT } from './file/configuration-right';

const home = process.cwd();
const directory = mkdtempSync(join(tmpdir(), 'spillway-validate-'));
beforeAll(() => process.chdir(directory));
afterAll(() => {
  process.chdir(home);
  rmSync(directory, { recursive: true, force: true });
});

const validate = (content: string, ...args: string[]) => {
  writeFileSync('spillway.yaml', content);
  return command(registerValidate, 'validate', ...args);
};
const FULL = `${RIGHT.replace('{version}', '{version}"').replace('image: ', 'image: "')}    health: {endpoints: [{path: /up}]}
smoke: {checks: [{service: backend, path: /}]}
`;

test('a right file is told with its environments', async () => {
  const said = await validate(`${FULL}environments: {staging: {}, production: {services: {backend: {replicas: 3}}}}\n`);
  expect(said).toEqual({
    stdout: 'spillway.yaml has no mistakes\n  staging: backend × 1\n  production: backend × 3\n',
    stderr: '',
    exitCode: 0,
  });
});

test('a wrong file is told with all its mistakes and exit code 64', async () => {
  const said = await validate(`${FULL}cannary: {}\ndrain: {cap: 3}\n`);
  expect(said).toEqual({
    stdout: [
      'spillway.yaml has 2 mistakes:',
      'spillway.yaml:11 cannary: unknown key, did you mean "canary"?',
      'spillway.yaml:12 drain.cap: expected a duration such as 500ms, 30s, 5m or 24h, seen the number 3',
      '',
    ].join('\n'),
    stderr: '',
    exitCode: 64,
  });
});

test('with --json the mistakes are one document', async () => {
  const said = await validate(`${FULL}cannary: {}\nenvironments: {staging: {}}\n`, '--json');
  expect(said.exitCode).toBe(64);
  expect(JSON.parse(said.stdout)).toEqual({
    file: 'spillway.yaml',
    valid: false,
    environments: ['staging'],
    mistakes: [{ line: 11, path: 'cannary', message: 'unknown key, did you mean "canary"?' }],
    warnings: [],
  });
});

test('only the environment that is asked for matters', async () => {
  const content = `${FULL}environments: {staging: {drain: {cap: 3}}, production: {}}\n`;
  expect(await validate(content, '-e', 'production')).toMatchObject({ exitCode: 0 });
  expect(await validate(content, '-e', 'staging')).toMatchObject({ exitCode: 64 });
  const unknown = await validate(content, '-e', 'live');
  expect(unknown.stderr).toBe(
    'error: expected one of the environments of spillway.yaml (staging, production), seen "live"\n',
  );
  expect(unknown.exitCode).toBe(64);
});

test('what promises less than one may expect is a warning', async () => {
  const said = await validate(
    RIGHT.replace(':{version}', ':latest') +
      'canary: {steps: [{weight: 10}], analysis: {compare: false}}\nbake: {soak: 1m}\n',
  );
  expect(said.exitCode).toBe(0);
  expect(said.stderr.split('\n')).toEqual([
    'warning: production: canary.limits names no limit, so nothing judges canary and bake; add errorRate, p95 or healthFailures',
    'warning: production: services.backend.image is the same for every version; write {version} where the version stands in it',
    'warning: production: services.backend takes traffic without health.endpoints: the image’s own HEALTHCHECK decides whether it is healthy, or only that it runs',
    'warning: production: smoke.checks is empty: nothing is tried as a user would before traffic moves',
    '',
  ]);
});

test('who may approve without any approval is a warning', async () => {
  const said = await validate(`${FULL}approve: {by: [alice]}\n`);
  expect(said.stderr).toContain('approve.by names who may approve, but nobody is asked: add approve.required: true');
  expect((await validate(`${FULL}approve: {by: [alice], required: true}\n`)).stderr).not.toContain('nobody is asked');
});

test.each([
  ['http://backend:8080/items', true],
  ['backend:8080', true],
  ['http://backend-blue:8080', false],
  ['https://backend.example.com/', false],
  ['backend', false],
])('a variable %s that names a service as Compose does: warned of is %s', async (value, isWarned) => {
  const said = await validate(FULL.replace('health:', `env: {OTHER: "${value}"}\n    health:`));
  expect(said.exitCode).toBe(0);
  const warning = 'services.backend.env.OTHER names the host backend, which nothing has: it is backend-blue or';
  expect(said.stderr.includes(warning)).toBe(isWarned);
});

test('a soak that is too short for the values of a metric is a warning', async () => {
  const steps = 'steps: [{weight: 10, soak: 1m}, {weight: 50, soak: 5m}]';
  const metrics =
    'metrics: [{name: m, containers: {measure: cpu}}, {name: n, dryRun: true, containers: {measure: cpu}}]';
  const said = await validate(`${FULL}canary: {${steps}, analysis: {${metrics}}}\n`);
  expect(said).toMatchObject({ exitCode: 0 });
  expect(said.stderr).toBe(
    'warning: production: canary.analysis.metrics[0] needs 20 values, one each 10 s, but steps[0] ends after at most 3 min: ' +
      'it will be inconclusive; lengthen `soak` or `longestSoak`, or lower `interval` or `minSamples`\n',
  );
});

test('a soak that is too short for values over a longer time is a warning [proves R]', async () => {
  const metric = (range: string) =>
    `{name: m, interval: 15s, prometheus: {url: 'http://p', query: 'sum(rate(x_total{s="{{slot}}"}[${range}]))'}}`;
  const canary = (range: string) =>
    `canary: {steps: [{weight: 10, soak: 10m}], analysis: {metrics: [${metric(range)}]}}\n`;
  const said = await validate(`${FULL}${canary('5m')}`);
  expect(said).toMatchObject({ exitCode: 0 });
  expect(said.stderr).toContain(
    'canary.analysis.metrics[0] needs 20 values, one each 4 min 30 s since its query covers 5 min, but steps[0] ends after ' +
      'at most 30 min: it will be inconclusive; lengthen `soak` or `longestSoak`, or shorten the range in its query',
  );
  expect((await validate(`${FULL}${canary('{{window}}')}`)).stderr).not.toContain('it will be inconclusive');
});

test('a missing file ends with 64', async () => {
  expect(await command(registerValidate, 'validate', '--file', 'nothing.yaml')).toMatchObject({
    stdout: '',
    exitCode: 64,
  });
});
