import { environmentWorkflowId, releaseWorkflowId } from '../../domain/names';
import { Door, failing, WELL } from '../support/answers';
import { ReleaseWorld, TASK_QUEUE } from '../support/release-world';
import { sharedTemporal } from '../support/shared-temporal';
import type { UsedTemporal } from '../support/shared-temporal';
import { createProject } from './project';
import type { Project } from './project';

/*
 * Real commands, Temporal and workflows; only what the workflows ask of a target is made up. Commands are processes of
 * their own where a test is about how a process ends, and where one goes on beside another.
 */

jest.setTimeout(300_000);

let temporal: UsedTemporal;
let world: ReleaseWorld;
let project: Project;
const production = ['-e', 'production'];
const UNHEALTHY = 'web did not become healthy';

/** Deploys once the test opens the door. */
const healthyBehind = (door: Door) => () => door.wait().then(() => ({ detail: 'healthy' }));

beforeAll(async () => {
  temporal = await sharedTemporal();
  world = await ReleaseWorld.start(temporal.address);
}, 300_000);
afterAll(async () => {
  await world?.stop();
  await temporal?.stop();
});
beforeEach(async () => {
  world.reset();
  project = await createProject({ TEMPORAL_ADDRESS: temporal.address, SPILLWAY_TASK_QUEUE: TASK_QUEUE });
});
afterEach(() => project.remove());

describe('a release that is followed', () => {
  it('is told in plain lines, one per event, with one summary and exit code 0', async () => {
    const { code, stdout, stderr } = await project.start(['release', '1.2.0', ...production]).ended;
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).not.toContain('\u001b');
    const lines = stdout.trimEnd().split('\n');
    expect(lines[0]).toMatch(new RegExp(`^releasing ${project.app} 1.2.0 → production \\(.*\\) by tester$`));
    expect(lines).toContainEqual(expect.stringMatching(/^preflight done in \d+ m?s/));
    expect(lines).toContain('1.2.0 gets 100 % of the traffic');
    expect(lines.at(-1)).toMatch(new RegExp(`^${project.app} 1.2.0 → production: released after`));
  });

  it('takes the version from its file when none is given', async () => {
    const { code, stdout } = await project.run('release', ...production);
    expect(code).toBe(0);
    expect(stdout).toContain(`${project.app} 1.1.0 → production: released`);
  });

  it('answers with one JSON document, and tells its events on standard error', async () => {
    const { code, stdout, stderr } = await project.run('release', ...production, '--json');
    expect(code).toBe(0);
    const document = JSON.parse(stdout) as object;
    expect(document).toMatchObject({ state: 'ended', outcome: 'released', exitCode: 0, detached: false });
    expect(stderr).toContain('preflight');
  });

  it('says which step is tried again, and why', async () => {
    let isWell = false;
    world.reset({
      deploySlot: () => {
        if (!isWell) throw new Error('expected the router to see blue');
        return { detail: 'healthy' };
      },
    });
    const release = project.start(['release', ...production]);
    await release.until(/deploySlot failed and is tried again \(attempt \d+\): expected the router to see blue/);
    expect((await project.run('status', ...production)).stdout).toContain('is tried again');
    isWell = true;
    expect((await release.ended).code).toBe(0);
  });

  it('exits with 1, why, and what is live when it is rolled back', async () => {
    world.reset({ deploySlot: failing(UNHEALTHY) });
    const { code, stdout } = await project.start(['release', ...production]).ended;
    expect(code).toBe(1);
    expect(stdout).toContain('undo: remove 1.1.0 from blue: done');
    expect(stdout).toMatch(new RegExp(`rolled back after .* — ${UNHEALTHY}\n {2}nothing is live\n$`));
  });

  it('exits with 2 and says what to do while an undo has failed; retry ends it', async () => {
    world.reset({ deploySlot: failing(UNHEALTHY), removeSlot: failing('the engine is gone') });
    const { code, stdout } = await project.start(['release', ...production]).ended;
    expect(code).toBe(2);
    expect(stdout).toContain('- remove 1.1.0 from blue: the engine is gone');
    expect(stdout).toContain(`spillway retry --app ${project.app} -e production`);
    expect((await project.run('status', ...production)).code).toBe(2);
    world.reset();
    expect((await project.run('retry', ...production)).code).toBe(0);
    const watched = await project.run('watch', ...production);
    expect(watched.code).toBe(1);
    expect(watched.stdout).toContain('rolled back');
  });

  it('ends with 1 when a person did by hand what could not be undone', async () => {
    world.reset({ deploySlot: failing(UNHEALTHY), removeSlot: failing('the engine is gone') });
    expect((await project.run('release', ...production)).code).toBe(2);
    expect((await project.run('resolved', ...production, '--who', 'alice', '-m', 'removed it')).code).toBe(0);
    const { code, stdout } = await project.run('watch', ...production);
    expect(code).toBe(1);
    expect(stdout).toContain('resolved by alice: removed it');
    expect(stdout).toContain('resolved by hand');
  });

  it('says so and ends with 1 when somebody terminated it in Temporal', async () => {
    const door = new Door();
    world.reset({ deploySlot: healthyBehind(door) });
    const release = project.start(['release', ...production]);
    await door.entered;
    await release.until('deploy …');
    const scope = { app: project.app, environment: 'production' };
    await world.client.workflow.getHandle(releaseWorkflowId(scope)).terminate('by mistake');
    const { code, stdout } = await release.ended;
    expect(code).toBe(1);
    expect(stdout).toContain('no undo could run');
    expect(stdout).toMatch(/terminated after .*by mistake/);
  });
});

describe('a command that is interrupted', () => {
  it('aborts the release and follows the undo, so that a cancelled CI job leaves nothing behind', async () => {
    const door = new Door();
    world.reset({ deploySlot: healthyBehind(door) });
    const release = project.start(['release', ...production]);
    await door.entered;
    release.signal('SIGTERM');
    const { code, stdout } = await release.ended;
    expect(code).toBe(1);
    expect(stdout).toContain('abort by tester: SIGTERM');
    expect(stdout).toContain('rolled back');
  });

  it('leaves the release alone with --detach-on-signal, and watch follows it again', async () => {
    const door = new Door();
    world.reset({ deploySlot: healthyBehind(door) });
    const release = project.start(['release', ...production, '--detach-on-signal']);
    await door.entered;
    await release.until('deploy …');
    release.signal('SIGINT');
    const { code, stderr } = await release.ended;
    expect(code).toBe(1);
    expect(stderr).toContain('detached');
    const watch = project.start(['watch', ...production]);
    await watch.until('deploy …');
    door.unlock();
    const watched = await watch.ended;
    expect(watched.code).toBe(0);
    expect(watched.stdout).toContain('released');
  });

  it('does not follow with --detach, and says where to look', async () => {
    const { code, stdout } = await project.start(['release', ...production, '--detach', '--json']).ended;
    expect(code).toBe(0);
    const answer = JSON.parse(stdout) as Record<string, unknown>;
    expect(answer).toMatchObject({ version: '1.1.0', workflowId: `release/${project.app}/production`, detached: true });
    expect(answer.releaseId).toMatch(/^\d{8}-\d{6}-1\.1\.0-[a-z2-9]{4}$/);
    expect((await project.run('watch', ...production)).code).toBe(0);
  });
});

describe('a release that is refused', () => {
  it('says who is releasing what, changes nothing, and exits with 1', async () => {
    const door = new Door();
    world.reset({ deploySlot: healthyBehind(door) });
    await project.run('release', '1.1.0', ...production, '--detach', '--who', 'alice');
    await door.entered;
    const { code, stdout } = await project.run('release', '--bump', 'minor', ...production, '--json');
    expect(code).toBe(1);
    const { error } = JSON.parse(stdout) as { error: { type: string; message: string } };
    expect(error).toMatchObject({ type: 'RefusedFailure', message: expect.stringContaining('alice is releasing') });
    expect(await project.read('VERSION')).toBe('1.1.0\n');
    door.unlock();
    expect((await project.run('watch', ...production)).code).toBe(0);
  });

  it('refuses the live version, unless its configuration or secrets changed', async () => {
    expect((await project.run('release', ...production)).code).toBe(0);
    const { code, stderr } = await project.run('release', ...production);
    expect(code).toBe(1);
    expect(stderr).toContain('--again');
    const again = await project.run('release', ...production, '--again');
    expect(again.code).toBe(0);
    expect(again.stdout).toContain('unchanged');
  });

  it('exits with 69 and leaves nothing behind when no worker is there', async () => {
    const alone = project.start(['release', '--bump', 'patch', ...production, '--json'], {
      env: { SPILLWAY_TASK_QUEUE: 'nobody' },
    });
    const { code, stdout } = await alone.ended;
    expect(code).toBe(69);
    expect((JSON.parse(stdout) as { error: { message: string } }).error.message).toContain('`spillway worker`');
    expect(await project.read('VERSION')).toBe('1.1.0\n');
    const id = environmentWorkflowId({ app: project.app, environment: 'production' });
    await expect(world.client.workflow.getHandle(id).describe()).rejects.toThrow(/not found/);
  });
});

describe('what a release is told', () => {
  it('raises the version in its file with --bump, and keeps note and who [proves V2, V4]', async () => {
    const { code } = await project.run(
      'release',
      '--bump',
      'patch',
      '--note',
      'fix rounding',
      '--who',
      'bob',
      ...production,
    );
    expect(code).toBe(0);
    expect(await project.read('VERSION')).toBe('1.1.1\n');
    const { stdout } = await project.run('history', ...production, '--json');
    const { entries } = JSON.parse(stdout) as { entries: object[] };
    expect(entries).toEqual([expect.objectContaining({ note: 'fix rounding', who: 'bob', outcome: 'released' })]);
  });

  it('passes on what to leave out [proves G6, R6]', async () => {
    const { code, stdout } = await project.run(
      'release',
      '--test-only',
      '--skip-build',
      '--no-rollback',
      ...production,
    );
    expect(code).toBe(0);
    expect(stdout).toContain('unchanged');
    expect(world.asked('buildImages')[0]).toMatchObject({ skipBuild: true });
    expect(world.asked('preflight')[0]?.options).toEqual({
      skipBuild: true,
      testOnly: true,
      noRollback: true,
      again: false,
    });
  });

  it('shows the plan and changes nothing with --dry-run [proves G8]', async () => {
    const { code, stdout } = await project.run('release', '--bump', 'major', '--dry-run', ...production);
    expect(code).toBe(0);
    expect(stdout).toContain(`${project.app} 2.0.0 → production: into blue; nothing is live`);
    expect(stdout).toMatch(/^switch +all traffic to blue/m);
    expect(stdout).toContain('Nothing was changed.');
    expect(await project.read('VERSION')).toBe('1.1.0\n');
    expect(world.ran()).toEqual(['preflight']);
  });
});

describe('plan', () => {
  it('exits with 1 when a check says no', async () => {
    const checks = [{ name: 'port', ok: false, detail: 'expected port 80 to be free, seen nginx on it' }];
    world.reset({ preflight: () => ({ checks, slot: 'blue', live: null, pendingMigrations: [], capabilities: {} }) });
    const { code, stdout } = await project.run('plan', ...production, '--json');
    expect(code).toBe(1);
    expect(JSON.parse(stdout)).toMatchObject({ ok: false, version: '1.1.0', checks, slot: 'blue', live: null });
  });

  it('says what does not answer while the worker tries it again', async () => {
    let isBack = false;
    world.reset({
      preflight: (input) => {
        if (!isBack) throw new Error('the engine is restarting');
        return WELL.preflight(input);
      },
    });
    const plan = project.start(['plan', ...production]);
    await plan.until(/preflight failed and is tried again \(attempt \d+\): the engine is restarting/);
    isBack = true;
    expect((await plan.ended).code).toBe(0);
  });

  it('says what the worker said when it cannot be made', async () => {
    world.reset({ preflight: failing('expected the engine to answer', 'UnreachableFailure') });
    const { code, stderr } = await project.run('plan', ...production);
    expect(code).toBe(69);
    expect(stderr).toContain('expected the engine to answer');
  });
});
