import type { WorkflowHandle } from '@temporalio/client';
import type { DatabaseConfig } from '../../domain/config';
import { BASE, chooseBaseline, chooseDown, titleOfMigration, titleOfUndo } from '../../domain/migration';
import type { MigrationAction, MigrationLook, MigrationResult } from '../../domain/migration';
import { releaseWorkflowId } from '../../domain/names';
import type { LedgerEntry, Live } from '../../domain/release';
import type { MigrationRequest, OldRequest, ReleaseRequest } from '../../domain/request';
import type { EnvironmentState } from '../../workflows/messages';
import type { migration } from '../../workflows/migration';
import { failing, Door } from '../support/answers';
import { LIVE, requestWith } from '../support/release-request';
import { ReleaseWorld, TASK_QUEUE } from '../support/release-world';

let world: ReleaseWorld;
beforeAll(async () => void (world = await ReleaseWorld.start()), 300_000);
afterAll(async () => world.stop());
beforeEach(() => world.reset());

function migrationWith(action: MigrationAction, of: ReleaseRequest = requestWith()): MigrationRequest {
  const { app, environment, id, config, projectDirectory, who, requestedAt } = of;
  const asked = { app, environment, id: `${id}-migrate`, config, projectDirectory, who, note: 'by hand', requestedAt };
  return { kind: 'migration', action, ...asked };
}

function begin(
  action: MigrationAction,
  request: MigrationRequest | OldRequest = migrationWith(action),
  live: Live | null = null,
): Promise<WorkflowHandle<typeof migration>> {
  return world.client.workflow.start<typeof migration>('migration', {
    workflowId: action.kind === 'status' ? `migrations/${request.app}` : releaseWorkflowId(request),
    workflowIdConflictPolicy: 'FAIL',
    taskQueue: TASK_QUEUE,
    args: [{ request, live }],
  });
}
const change = async (action: MigrationAction, live?: Live) =>
  (await (await begin(action, undefined, live)).result()) as MigrationResult;
/** The same as a command before kinds asks for it. */
function older({ kind: _kind, ...asked }: MigrationRequest): OldRequest {
  const options = { skipBuild: true, testOnly: false, noRollback: false, again: false };
  return { ...asked, version: titleOfMigration(asked.action), options };
}
const UP: MigrationAction = { kind: 'up' };
const LAST: MigrationAction = { kind: 'down', choice: { last: true } };

describe('migrations by hand', () => {
  it('are shown without taking the environment or changing anything', async () => {
    world.reset({ checkMigrations: () => ({ mistakes: ['002_orders.up.sql:1: syntax error'] }) });
    const look = (await (await begin({ kind: 'status' })).result()) as MigrationLook;
    expect(look).toEqual({
      applied: ['001_customers'],
      pending: ['002_orders'],
      mistakes: ['002_orders.up.sql:1: syntax error'],
    });
    expect(world.ran()).toEqual(['checkMigrations', 'migrationStatus']);
  });

  it.each([
    ['are applied', UP, '002_orders'],
    ['are recorded as applied', { kind: 'baseline' } satisfies MigrationAction, '002_orders'],
  ])('say what is unusual about them when they %s [proves strict]', async (_what, action, names) => {
    const warnings = action === UP ? ['002_orders has a smaller number than 003_x'] : [];
    const notes = ['no migrations: archive/'];
    world.reset({
      checkMigrations: () => ({ mistakes: [], restore: [], warnings, notes }),
      checkBaseline: () => ({ mistakes: [], notes }),
    });
    const { status } = await change(action);
    const [preflight] = status.phases;
    expect(preflight).toMatchObject({ phase: 'preflight', detail: [names, ...warnings, ...notes].join('; ') });
  });

  it('say when they are shown what is unusual about them [proves strict]', async () => {
    const told = { warnings: ['002_orders has a smaller number than 003_x'], notes: ['no migrations: archive/'] };
    world.reset({ checkMigrations: () => ({ mistakes: [], restore: [], ...told }) });
    const look = await (await begin({ kind: 'status' })).result();
    expect(look).toEqual({ applied: ['001_customers'], pending: ['002_orders'], mistakes: [], ...told });
  });

  it('are applied after a backup, and the result says what was applied and names the backup', async () => {
    const { status, names, backup } = await change(UP);
    expect(world.ran()).toEqual(['takeFence', 'checkMigrations', 'migrationStatus', 'backUp', 'applyMigrations']);
    expect(status).toMatchObject({ state: 'ended', outcome: 'migrated' });
    expect({ names, backup }).toEqual({ names: ['002_orders'], backup: 'backup_a' });
  });

  it('ask nothing of a live version that is dead, so that one of them may mend it [proves 2]', async () => {
    world.reset({ lookAtLive: () => ({ condition: 'dead', detail: 'web.blue-1 ended' }) });
    expect((await change(UP, LIVE)).status.outcome).toBe('migrated');
    expect((await change(LAST, LIVE)).status.outcome).toBe('migrated');
    expect(world.asked('smoke')).toEqual([]);
  });

  it('are followed by a smoke of the version that serves', async () => {
    await change(UP, LIVE);
    await change(LAST, LIVE);
    expect(world.asked('smoke').map(({ slot, through }) => [slot, through])).toEqual([
      ['blue', 'slot'],
      ['blue', 'slot'],
    ]);
    expect(world.asked('backUp')[0]?.live).toEqual(LIVE);
  });

  it('that fail are reverted, exactly those', async () => {
    world.reset({ applyMigrations: failing('002_orders.up.sql:1: column exists', 'MigrationFailure') });
    const { status } = await change(UP);
    expect(status).toMatchObject({ outcome: 'rolled back', why: '002_orders.up.sql:1: column exists' });
    expect(world.asked('revertMigrations')).toMatchObject([{ names: ['002_orders'], dump: 'backup_a' }]);
  });

  it('with mistakes are not begun', async () => {
    world.reset({ checkMigrations: () => ({ mistakes: ['002_orders.up.sql:1: syntax error'] }) });
    const { status } = await change(UP);
    expect(status).toMatchObject({ outcome: 'refused', why: '002_orders.up.sql:1: syntax error' });
    expect(world.ran()).not.toContain('backUp');
  });

  it('that have nothing to do change nothing', async () => {
    world.reset({ migrationStatus: () => ({ applied: [], pending: [] }) });
    expect((await change(UP)).status).toMatchObject({ outcome: 'unchanged', why: 'no migration is pending' });
    expect((await change(LAST)).status).toMatchObject({ outcome: 'unchanged' });
    expect(world.ran()).not.toContain('backUp');
  });

  it('are reverted after a backup, and mistakes in pending ones do not matter then', async () => {
    world.reset({ checkMigrations: () => ({ mistakes: ['002_orders.up.sql:1: syntax error'] }) });
    const { status, names } = await change(LAST);
    expect(status.outcome).toBe('migrated');
    expect(names).toEqual(['001_customers']);
    const ran = world.ran();
    expect(ran.indexOf('backUp')).toBeLessThan(ran.indexOf('downMigrations'));
  });

  it.each([
    ['applied', UP],
    ['reverted', LAST],
  ])(
    'are not %s where the backup could not be restored, although the rollback would restore it',
    async (_what, action) => {
      world.reset({ checkMigrations: () => ({ mistakes: [], restore: ['seen migrations of blog/production'] }) });
      expect((await change(action)).status).toMatchObject({
        outcome: 'refused',
        why: 'seen migrations of blog/production',
      });
      expect(world.ran()).not.toContain('backUp');
    },
  );

  it('whose reverting fails are applied again', async () => {
    world.reset({ downMigrations: failing('database.verify exited with 1', 'MigrationFailure') });
    const { status } = await change(LAST);
    expect(status).toMatchObject({ outcome: 'rolled back', why: 'database.verify exited with 1' });
    expect(world.asked('reapplyMigrations')).toMatchObject([{ names: ['001_customers'], dump: 'backup_a' }]);
  });

  it('that are not applied cannot be reverted', async () => {
    const { status } = await change({ kind: 'down', choice: { only: '009_none' } });
    expect(status.why).toBe('expected 009_none to be an applied migration, but applied are 001_customers');
    expect(world.ran()).not.toContain('backUp');
  });

  it('whose undo fails need a hand, and hold the environment until somebody says it is resolved', async () => {
    world.reset({
      applyMigrations: failing('column exists', 'MigrationFailure'),
      revertMigrations: failing('no down file', 'MigrationFailure'),
    });
    const handle = await begin(UP);
    const status = await world.until(handle, ({ state }) => state === 'needs a hand');
    expect(status.undos).toMatchObject([
      { label: 'revert migrations 002_orders', state: 'failed', failure: 'no down file' },
    ]);
    expect(await world.tell(handle, 'resolved')).toBeUndefined();
    expect(((await handle.result()) as MigrationResult).status.outcome).toBe('resolved by hand');
  });

  it('are recorded as applied by a baseline, without a backup, and stand in the ledger [proves baseline]', async () => {
    const { status, names } = await change({ kind: 'baseline', to: '002_orders' });
    expect(status).toMatchObject({ outcome: 'migrated' });
    expect(names).toEqual(['002_orders']);
    expect(world.asked('markMigrations')).toMatchObject([{ names: ['002_orders'] }]);
    expect(world.asked('recordEntry')).toMatchObject([{ entry: { migrations: ['002_orders'] } }]);
    for (const never of ['backUp', 'applyMigrations', 'smoke'] as const) expect(world.ran()).not.toContain(never);
  });

  it('that contradict a baseline are told, and nothing is recorded [proves baseline]', async () => {
    world.reset({ checkBaseline: () => ({ mistakes: ['seen no table in it'] }) });
    const { status } = await change({ kind: 'baseline' });
    expect(status).toMatchObject({ outcome: 'refused', why: 'seen no table in it' });
    expect(world.ran()).not.toContain('markMigrations');
  });

  it('whose records could not be written are forgotten again [proves baseline]', async () => {
    world.reset({ markMigrations: failing('no right', 'MigrationFailure') });
    const { status } = await change({ kind: 'baseline' });
    expect(status).toMatchObject({ outcome: 'rolled back', why: 'no right' });
    expect(world.asked('forgetMigrations')).toMatchObject([{ names: ['002_orders'] }]);
  });

  it('are aborted like a release', async () => {
    const door = new Door();
    world.reset({ applyMigrations: async ({ names }) => (await door.wait(), { applied: names }) });
    const handle = await begin(UP);
    await door.entered;
    expect(await world.tell(handle, 'abort', { who: 'bob', why: 'locks' })).toBeUndefined();
    const { status } = (await handle.result()) as MigrationResult;
    expect(status).toMatchObject({ outcome: 'rolled back', why: 'abort by bob: locks' });
    expect(world.asked('revertMigrations')).toHaveLength(1);
  });

  it('that an older worker began go on', async () => {
    const { status, names } = (await (await begin(UP, older(migrationWith(UP)))).result()) as MigrationResult;
    expect({ names, outcome: status.outcome }).toEqual({ names: ['002_orders'], outcome: 'migrated' });
    expect(status).toMatchObject({ kind: 'migration', release: { version: 'migrate up' } });
  });

  it('keep releases and other migrations away', async () => {
    const door = new Door();
    world.reset({ applyMigrations: async ({ names }) => (await door.wait(), { applied: names }) });
    const release = requestWith();
    const request = migrationWith(UP, release);
    const handle = await begin(UP, request);
    await door.entered;
    await expect(begin(UP, request)).rejects.toMatchObject({ name: 'WorkflowExecutionAlreadyStartedError' });
    expect(await world.ask(release)).toMatchObject({ accepted: false });
    door.unlock();
    await handle.result();
  });
});

describe('an environment that is asked for a migration by hand', () => {
  const asked = (action: MigrationAction = UP): MigrationRequest => migrationWith(action);
  const known = (request: MigrationRequest): LedgerEntry => ({
    ...{ release: { ...request, version: '1.0.0' }, outcome: 'released', who: 'x', note: '', startedAt: 0, endedAt: 1 },
    ...{ phases: [], images: [], messages: [], leftovers: [], live: LIVE },
  });
  const idle = ({ current, ledger }: EnvironmentState) => current === null && ledger[0]?.release.version !== '1.0.0';

  it('keeps it in the ledger, with what stays live', async () => {
    const request = asked();
    world.reset({ readLedger: () => [known(request)] });
    expect((await world.ask(request)).accepted).toBe(true);
    const { ledger, live } = await world.settled(request, idle);
    expect(live).toEqual(LIVE);
    const told = { outcome: 'migrated', migrations: ['002_orders'], who: 'alice', note: 'by hand', live: LIVE };
    const kept = { ...told, kind: 'migration', release: { id: request.id, version: 'migrate up' }, images: [] };
    expect(ledger[0]).toMatchObject(kept);
    expect(world.asked('recordEntry').map(({ entry }) => entry)).toMatchObject([kept]);
  });

  it('keeps one that failed, and was put back or never begun', async () => {
    world.reset({ applyMigrations: failing('column exists', 'MigrationFailure') });
    const failed = asked();
    await world.ask(failed);
    const told = { outcome: 'rolled back', why: 'column exists', migrations: ['002_orders'] };
    expect((await world.settled(failed, idle)).ledger[0]).toMatchObject(told);
    const none = asked({ kind: 'down', choice: { only: '009_none' } });
    await world.ask(none);
    expect((await world.settled(none, idle)).ledger[0]).toMatchObject({ outcome: 'refused', migrations: [] });
  });

  it('tells others who is migrating what, since when', async () => {
    const door = new Door();
    world.reset({ applyMigrations: async ({ names }) => (await door.wait(), { applied: names }) });
    const request = asked();
    await world.ask(request);
    await door.entered;
    const { app } = request;
    const second = await world.ask({ ...requestWith(), app, id: `${request.id}-2`, version: '1.2.0' });
    expect(second).toMatchObject({
      accepted: false,
      reason: expect.stringMatching(`^alice is migrating ${app} in production \\(migrate up\\) since 20.*; wait`),
      current: { migration: true },
    });
    door.unlock();
    await world.settled(request, idle);
  });

  it('understands what an older command asks for', async () => {
    const request = asked();
    await world.ask(older(request));
    const { ledger } = await world.settled(request, idle);
    const told = { kind: 'migration', outcome: 'migrated', migrations: ['002_orders'] };
    expect(ledger[0]).toMatchObject({ ...told, release: { id: request.id, version: 'migrate up' } });
    expect(world.ran()).toContain('applyMigrations');
  });

  it('does not begin it while nobody knows what is live', async () => {
    world.reset({ readLedger: failing('expected JSON in the ledger', 'ConfigurationFailure') });
    const answer = await world.ask(asked());
    expect(answer).toMatchObject({ accepted: false, reason: expect.stringContaining('expected JSON in the ledger') });
    expect(world.ran()).toEqual([]);
  });
});

describe('choosing what is reverted', () => {
  const applied = ['a', 'b', 'c'];
  test.each([
    [{ last: true as const }, ['c']],
    [{ to: 'a' }, ['c', 'b']],
    [{ to: 'c' }, []],
    [{ to: BASE }, ['c', 'b', 'a']],
    [{ only: 'b' }, ['b']],
  ])('%j means %j', (choice, names) => expect(chooseDown(applied, choice)).toEqual(names));

  it('names what is applied when the choice is not', () => {
    expect(chooseDown([], { to: 'x' })).toEqual({
      mistake: 'expected x to be an applied migration, but none is applied',
    });
  });

  it('has a title that a person understands', () => {
    expect(titleOfMigration({ kind: 'down', choice: { to: 'a' } })).toBe('migrate down to a');
    expect(titleOfMigration({ kind: 'down', choice: { only: 'a' } })).toBe('migrate down only a');
    expect(titleOfMigration(LAST)).toBe('migrate down last');
    expect(titleOfMigration(UP)).toBe('migrate up');
  });

  it.each([
    [undefined, ['2', '3', '4']],
    ['3', ['2', '3']],
    ['1', []],
    ['5', ['2', '3', '4']],
    ['9', { mistake: 'expected 9 to be a migration, but there are 1, 5, 2, 3, 4' }],
  ])('that a baseline to %s records are those up to it [proves baseline]', (to, names) => {
    const seen = { applied: ['1', '5'], pending: ['2', '3', '4'] };
    expect(chooseBaseline(seen, { kind: 'baseline', ...(to !== undefined && { to }) })).toEqual(names);
  });

  it.each(['revert', 'restore', 'keep'] as const)(
    'have an undo whose words fit onRollback: %s [proves keep]',
    (onRollback) => {
      const { config } = migrationWith(UP);
      const database = { onRollback } as DatabaseConfig;
      const titles = (['up', 'down'] as const).map((way) => titleOfUndo({ ...config, database }, way, ['001', '002']));
      expect(titles).toEqual(
        onRollback === 'keep'
          ? [
              'leave 001, 002 applied: database.onRollback is keep',
              'leave 001, 002 reverted: database.onRollback is keep',
            ]
          : ['revert migrations 001, 002', 'apply 002, 001 again'],
      );
    },
  );
});
