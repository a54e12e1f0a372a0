import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { stringify } from 'yaml';
import type { ReleaseStatus } from '../../domain/release';
import { command, type Ran } from '../support/command-process';
import { snapshot, violations } from '../support/invariants';
import { query } from '../support/postgres';
import { migration, tinyConfig } from '../support/tiny';
import { World, type Asked } from '../support/world';
import { until } from '../support/until';

/* Real commands, real parts: a release fails, and so does its undo. */

jest.setTimeout(300_000);

/** Its reversal is refused by PostgreSQL as long as the view is there. */
const IRREVERSIBLE = {
  ...migration('002'),
  'migrations/002.up.sql': 'CREATE TABLE t_002 (id int PRIMARY KEY);\nCREATE VIEW v_002 AS SELECT id FROM t_002;\n',
};
const UNDO = 'revert migrations 002';

describe('a release whose undo fails', () => {
  let world: World;
  let before: Awaited<ReturnType<typeof snapshot>>;

  beforeAll(async () => {
    world = await World.open({ database: true });
    expect((await spillwayRelease('1.0.0', { files: migration('001') })).code).toBe(0);
  });
  afterAll(() => world?.close());
  beforeEach(async () => {
    before = await snapshot(world);
  });

  function spillway(name: string, ...argv: string[]): Promise<Ran> {
    const env = { TEMPORAL_ADDRESS: world.temporal.address, SPILLWAY_TASK_QUEUE: world.taskQueue };
    return command([name, ...argv, '-e', 'production'], { cwd: world.project, env });
  }

  async function spillwayRelease(version: string, asked: Asked = {}, ...argv: string[]): Promise<Ran> {
    await world.request(version, asked);
    const raw = tinyConfig(world);
    raw.canary.steps = [];
    asked.config?.(raw);
    await writeFile(join(world.project, 'spillway.yaml'), stringify(raw));
    return spillway('release', version, ...argv);
  }

  /** What the last release came to, with every invariant checked as after any other. */
  async function violationsNow(): Promise<string[]> {
    const { ledger, live } = await world.environment();
    const status = { ...ledger[0], state: 'ended', undos: [] } as unknown as ReleaseStatus;
    return violations(world, before, { status, live, images: [] });
  }

  /** A release that fails its smoke check, and cannot revert its migration. */
  async function stuck(version: string): Promise<Ran> {
    return spillwayRelease(version, { behaviour: { broken: true }, files: IRREVERSIBLE });
  }

  test('ends with 2 and says what to do; retry ends it rolled back once the cause is gone', async () => {
    const { code, stdout } = await stuck('1.1.0');
    expect({ code, stdout }).toMatchObject({ code: 2 });
    const summary = stdout.slice(stdout.lastIndexOf('1.1.0 → production: needs a hand'));
    expect(summary).toMatch(/needs a hand — .*checks of 1\.1\.0 to pass directly in green/);
    expect(summary).toContain(`This could not be undone:\n  - ${UNDO}: 002.down.sql:1: «DROP TABLE t_002»`);
    expect(summary).toContain('view v_002 depends on table t_002');
    expect(summary).toContain('These wait for it:\n  - restore the image tags, remove the images of this release');
    expect(summary).toContain(`spillway retry --app ${world.scope.app} -e production`);
    expect(summary).toContain(`spillway resolved --app ${world.scope.app} -e production`);

    const status = await spillway('status');
    expect(status.code).toBe(2);
    expect(status.stdout).toContain('1.0.0 is live in blue');
    expect(status.stdout).toContain(`- ${UNDO}: 002.down.sql:1`);
    const watched = await spillway('watch', '--json');
    expect({ code: watched.code, said: JSON.parse(watched.stdout) as object }).toMatchObject({
      code: 2,
      said: {
        state: 'needs a hand',
        exitCode: 2,
        undos: expect.arrayContaining([expect.objectContaining({ label: UNDO, state: 'failed' })]) as unknown,
      },
    });

    const second = await spillwayRelease('1.2.0');
    expect(second.code).toBe(1);
    expect(second.stderr).toMatch(/1\.1\.0 .*needs a hand.*spillway status/s);
    const aborted = await spillway('abort');
    expect(aborted).toMatchObject({ code: 1, stderr: expect.stringContaining('use retry or resolved') as unknown });

    // The cause is still there: so does it need a hand.
    expect((await spillway('retry')).code).toBe(0);
    expect((await spillway('watch')).code).toBe(2);

    await query(world.databaseUrl, 'DROP VIEW v_002');
    expect((await spillway('retry', '--why', 'dropped the view')).code).toBe(0);
    const end = await spillway('watch');
    expect(end.code).toBe(1);
    expect(end.stdout).toContain(`${world.scope.app} 1.1.0 → production: rolled back`);
    expect(end.stdout).toContain('retry by tester: dropped the view');
    expect(await violationsNow()).toEqual([]);
    expect((await spillway('status')).code).toBe(0);
  });

  test('ends resolved by hand when a person did it, and frees the environment', async () => {
    expect((await stuck('1.3.0')).code).toBe(2);
    await query(world.databaseUrl, 'DROP TABLE t_002 CASCADE');
    await query(world.databaseUrl, `DELETE FROM spillway.migrations WHERE name = '002'`);
    expect((await spillway('resolved', '--why', 'dropped table and view')).code).toBe(0);
    const end = await spillway('watch');
    expect(end.code).toBe(1);
    expect(end.stdout).toContain(`${world.scope.app} 1.3.0 → production: resolved by hand`);
    expect((await spillway('status')).stdout).toContain('last release: 1.3.0 resolved by hand');
    expect((await spillway('history')).stdout).toMatch(/^1\.3\.0 .*resolved by hand/m);
    expect(await violationsNow()).toEqual(['expected one of released, rolled back, refused, seen resolved by hand']);

    for (const file of Object.keys(IRREVERSIBLE)) await world.forget(file);
    expect((await spillwayRelease('1.4.0')).code).toBe(0);
  });

  test('keeps containers and share while it is not certain that they have no traffic', async () => {
    const fence = join(world.directory, 'state', world.scope.app, world.scope.environment, 'fence');
    const config: Asked['config'] = (raw) => void (raw.canary.steps = [{ weight: 50, soak: '10m' }]);
    const { code } = await spillwayRelease('1.5.0', { config }, '--detach');
    expect(code).toBe(0);
    await untilStatus(({ phase, share }) => phase === 'canary' && share === 50);
    const held = await readFile(fence, 'utf8');
    const releaseId = held.split('\n')[0]!;
    // As the runbook has a person take the environment from late steps.
    await writeFile(fence, 'by-hand-1\n');
    expect((await spillway('abort', '--why', 'wrong day')).code).toBe(0);
    const { code: needed, stdout } = await spillway('watch');
    expect({ needed, stdout }).toMatchObject({ needed: 2 });
    const live = `${before.share === 0 ? 'blue' : 'green'} (1.4.0)`;
    expect(stdout).toContain(
      `This could not be undone:\n  - all traffic to ${live}: expected release ${releaseId} to hold`,
    );
    expect(stdout).toMatch(/These wait for it:\n(.*\n)* {2}- remove 1\.5\.0 from /);
    const now = await snapshot(world);
    expect(now.share).toBe(50);
    expect(now.containers.filter((line) => line.includes(releaseId))).toHaveLength(2);

    await writeFile(fence, held);
    expect((await spillway('retry')).code).toBe(0);
    expect(await spillway('watch')).toMatchObject({
      code: 1,
      stdout: expect.stringContaining('rolled back') as unknown,
    });
    expect(await violationsNow()).toEqual([]);
  });

  async function untilStatus(is: (status: ReleaseStatus) => boolean): Promise<void> {
    const look = async () =>
      (JSON.parse((await spillway('status', '--json')).stdout) as { release: ReleaseStatus | null }).release;
    await until(look, { what: 'the release as wanted', is: (release) => release !== null && is(release) });
  }
});
