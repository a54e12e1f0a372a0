import { mkdtempSync, rmSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { ConfigurationFailure } from '../../../domain/failures';
import { checkFile, loadConfiguration, loadFile } from '../../../starters/file/configuration';
import { mistakeText } from '../../../starters/file/errors';
import { CASES } from './configuration-cases';
import { RIGHT } from './configuration-right';

const directory = mkdtempSync(join(tmpdir(), 'spillway-configuration-'));
const file = join(directory, 'spillway.yaml');
afterAll(() => rmSync(directory, { recursive: true, force: true }));

const failureOf = async (work: Promise<unknown>): Promise<ConfigurationFailure> => {
  const error = await work.then(
    () => undefined,
    (caught: unknown) => caught,
  );
  expect(error).toBeInstanceOf(ConfigurationFailure);
  return error as ConfigurationFailure;
};

describe('a wrong configuration', () => {
  test.each(CASES)('tells, with line and path, what is wrong about %s', async (_, content, expected) => {
    await writeFile(file, content);
    const { mistakes } = await checkFile(file);
    expect(mistakes.map((mistake) => mistakeText('spillway.yaml', mistake))).toEqual(expected);
    expect(mistakes.length).toBeGreaterThan(0);
  });

  test('never shows a secret that was written into it', () => {
    const secrets = CASES.filter(([, content]) => content.includes('hunter2'));
    expect(secrets.length).toBeGreaterThanOrEqual(4);
    for (const [, , mistakes] of secrets) expect(mistakes.join('\n')).not.toContain('hunter2');
  });

  test('that does not exist says how to get one', async () => {
    const { message } = await failureOf(loadFile(join(directory, 'nothing.yaml')));
    expect(message).toBe(
      `expected a configuration at ${directory}/nothing.yaml, seen no such file; write one with \`spillway init\`, or name another with --file`,
    );
  });

  test('that is a folder says so, and how to get a file', async () => {
    expect((await failureOf(loadFile(directory))).message).toContain(`${directory}, seen a folder; write one with`);
  });

  test('with two documents says which line to remove', async () => {
    await writeFile(file, `${RIGHT}---\n${RIGHT}`);
    const { message } = await failureOf(loadFile(file));
    expect(message).toMatch(/:\d+ expected one YAML document, seen another one; remove the line `---` before it$/);
  });

  test('fails once, with all its mistakes in the order of their lines', async () => {
    await writeFile(file, `${RIGHT}    memroy: 5MB\n    cpu: much\nrouter: {kind: apache}\n`);
    const { message } = await failureOf(loadConfiguration(file, 'production'));
    expect(message.split('\n')).toEqual([
      `expected a configuration without mistakes, seen 3 mistakes in ${file}:`,
      `  ${file}:9 services.backend.memroy: unknown key, did you mean "memory"?`,
      `  ${file}:10 services.backend.cpu: expected a number, seen "much"`,
      `  ${file}:11 router.kind: expected haproxy or nginx, seen "apache"`,
    ]);
  });

  test('whose aliases would fill the memory is refused', async () => {
    const lines = ['a0: &a0 [x, x, x, x, x, x, x, x, x]'];
    for (let level = 1; level < 9; level++) {
      lines.push(
        `a${level}: &a${level} [${Array(9)
          .fill(`*a${level - 1}`)
          .join(', ')}]`,
      );
    }
    await writeFile(file, lines.join('\n'));
    expect((await failureOf(loadFile(file))).message).toContain('not valid YAML: Excessive alias count');
  });
});

describe('environments (D11)', () => {
  const full = `${RIGHT}    replicas: 1
    memory: 256MB
    env: {LOG_LEVEL: info, API: 'https://test.example.com', TOKEN: {env: TEST_TOKEN}}
database: {driver: postgres, url: {env: TEST_DB}}
features: {new-checkout: true}
environments:
  staging:
  production:
    services:
      backend:
        replicas: 3
        cpu: 2
        memory: 1GB
        env: {API: 'https://example.com', TOKEN: {file: /run/token}}
        routes: [{port: 443, host: shop.example.com}]
    database: {url: {env: LIVE_DB}}
    features: {new-checkout: false}
`;

  test('have their own replicas, CPU, memory, variables, database, feature flags and addresses [proves D11]', async () => {
    await writeFile(file, full);
    const { config, projectDirectory } = await loadConfiguration(file, 'production');
    expect(projectDirectory).toBe(resolve(directory));
    expect(config.services.backend).toMatchObject({
      image: 'shop/backend:{version}',
      replicas: 3,
      cpu: 2,
      memory: 1e9,
      env: { LOG_LEVEL: 'info', API: 'https://example.com', TOKEN: { file: '/run/token' } },
      routes: [{ port: 443, host: 'shop.example.com' }],
    });
    expect(config.database).toMatchObject({ driver: 'postgres', url: { env: 'LIVE_DB' } });
    expect(config.features).toEqual({ 'new-checkout': false });
  });

  test('that override nothing are the base', async () => {
    await writeFile(file, full);
    const { config } = await loadConfiguration(file, 'staging');
    expect(config.services.backend).toMatchObject({ replicas: 1, memory: 256e6, routes: [{ port: 80 }] });
    expect(config.services.backend?.env.TOKEN).toEqual({ env: 'TEST_TOKEN' });
    expect(config.features).toEqual({ 'new-checkout': true });
  });

  test('are all read at once', async () => {
    await writeFile(file, full);
    expect(Object.keys((await loadFile(file)).environments)).toEqual(['staging', 'production']);
  });

  test('that are not listed are refused with those that are', async () => {
    await writeFile(file, full);
    const { message } = await failureOf(loadConfiguration(file, 'prodution'));
    expect(message).toBe(
      `expected one of the environments of ${file} (staging, production), seen "prodution"; did you mean "production"?`,
    );
  });

  test('that are not listed at all are one, production', async () => {
    await writeFile(file, RIGHT);
    expect((await loadConfiguration(file, 'production')).config.app).toBe('shop');
    expect((await failureOf(loadConfiguration(file, 'staging'))).message).toContain('(production), seen "staging"');
  });

  test('may complete what the base leaves out', async () => {
    const base = RIGHT.replace('    port: 8080\n', '');
    await writeFile(file, `${base}environments: {staging: {services: {backend: {port: 80}}}}\n`);
    expect((await loadConfiguration(file, 'staging')).config.services.backend?.port).toBe(80);
  });

  test('are not stopped by a mistake in another', async () => {
    await writeFile(file, `${RIGHT}environments: {staging: {drain: {cap: 3}}, production: {}}\n`);
    expect((await loadConfiguration(file, 'production')).config.drain.cap).toBe(30_000);
    expect((await failureOf(loadConfiguration(file, 'staging'))).message).toContain('environments.staging.drain.cap');
  });

  test('share what stands under a key that begins with x-', async () => {
    await writeFile(file, `x-limits: &limits {memory: 64MB}\n${RIGHT}    <<: *limits\n`);
    expect((await loadConfiguration(file, 'production')).config.services.backend?.memory).toBe(64e6);
  });
});
