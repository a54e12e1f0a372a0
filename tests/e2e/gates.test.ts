import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { leaks, snapshot, violations } from '../support/invariants';
import { engine } from '../support/engine';
import { migration } from '../support/tiny';
import { World } from '../support/world';
import type { Asked } from '../support/world';

jest.setTimeout(300_000);

describe('gates before anything changes', () => {
  let world: World;

  beforeAll(async () => {
    world = await World.open({ database: true, config: (raw) => void (raw.canary.steps = []) });
    await world.released('1.0.0');
  });
  afterAll(() => world?.close());

  async function refusedWith(version: string, asked: Asked, phase: string, why: RegExp) {
    const before = await snapshot(world);
    const result = await world.released(version, asked);
    expect(result.status.outcome).toBe('rolled back');
    expect(result.status.phases.find(({ state }) => state === 'failed')?.phase).toBe(phase);
    expect(result.status.why).toMatch(why);
    expect(await violations(world, before, result)).toEqual([]);
  }
  const dockerfile = (...lines: string[]) => ({
    'app/Dockerfile': ['FROM spillway/node:local', 'WORKDIR /app', ...lines, 'COPY . .', 'CMD ["server.js"]'].join(
      '\n',
    ),
  });
  afterEach(() => world.restoreFixture());

  test('an image over its size budget stops the release [proves G4]', async () => {
    await refusedWith(
      '1.1.0',
      { config: (raw) => void (raw.services.web.policy = { maxSize: '50MB' }) },
      'build',
      /50/,
    );
  });

  test('an image that runs as root stops the release [proves G5]', async () => {
    await refusedWith('1.1.1', { files: dockerfile('USER 0') }, 'build', /root/);
  });

  test('a secret baked into an image stops the release [proves G5]', async () => {
    await refusedWith('1.1.2', { files: dockerfile('ENV API_PASSWORD=hunter2') }, 'build', /API_PASSWORD/);
  });

  test('a build context over its budget stops the release, unless .dockerignore leaves the rest out [proves G6]', async () => {
    const config: Asked['config'] = (raw) => void (raw.services.web.build.maxContext = '1MB');
    const big = { 'app/big.bin': 'x'.repeat(2_000_000) };
    await refusedWith('1.1.3', { config, files: big }, 'build', /context/);
    const ignored = { ...big, 'app/.dockerignore': 'big.bin\n' };
    expect((await world.released('1.1.4', { config, files: ignored })).status.outcome).toBe('released');
  });

  test('--skip-build takes the image that is there [proves G6]', async () => {
    const { app } = world.scope;
    for (const service of ['web', 'job'])
      await engine()
        .getImage(`${app}-${service}:1.1.4`)
        .tag({ repo: `${app}-${service}`, tag: '1.1.5' });
    const broken = { 'app/Dockerfile': 'FROM nothing/at-all:here\n' };
    const { status } = await world.released('1.1.5', { options: { skipBuild: true }, files: broken });
    expect({ outcome: status.outcome, why: status.why }).toMatchObject({ outcome: 'released' });
  });

  test('a test-only release builds and checks, and deploys nothing [proves G1]', async () => {
    const before = await snapshot(world);
    const result = await world.released('1.1.6', { options: { testOnly: true } });
    expect(result.status.outcome).toBe('unchanged');
    expect(leaks(before, await snapshot(world), result.status.release.id)).toEqual([]);
  });

  test('the database is dumped before a migration, and the dump can be read [proves B5]', async () => {
    const { status } = await world.released('1.2.0', { files: migration('001') });
    expect(status.outcome).toBe('released');
    const detail = status.phases.find(({ phase }) => phase === 'backup')?.detail ?? '';
    expect(detail).toMatch(/database/i);
    const files = await readdir(join(world.directory, 'state'), { recursive: true });
    expect(files.filter((file) => /backup/.test(file))).not.toEqual([]);
  });

  test('a migration with a mistake changes nothing', async () => {
    const files = {
      'migrations/002.up.sql': 'CREATE TABLE half (id int);\nSELECT nonsense;\n',
      'migrations/002.down.sql': 'DROP TABLE half;\n',
    };
    await refusedWith('1.3.0', { files }, 'migrate', /nonsense/);
    for (const file of Object.keys(files)) await world.forget(file);
  });

  test('the same version again, unchanged, is refused; with a changed configuration --again releases it', async () => {
    const answer = await world.ask(await world.request('1.2.0'));
    expect(answer).toMatchObject({ accepted: false });
    const again = await world.released('1.2.0', {
      options: { again: true },
      config: (raw) => void (raw.features = { colour: 'red' }),
    });
    expect(again.status.outcome).toBe('released');
    expect(await (await fetch(`${world.url}/status`, { headers: { connection: 'close' } })).json()).toMatchObject({
      version: '1.2.0',
      colour: 'red',
    });
    const unchanged = await world.released('1.2.0', {
      options: { again: true },
      config: (raw) => void (raw.features = { colour: 'red' }),
    });
    expect(unchanged.status.outcome).toBe('unchanged');
  });
});
