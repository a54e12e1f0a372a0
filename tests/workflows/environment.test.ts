import { setTimeout as sleep } from 'node:timers/promises';
import { Client, Connection, WithStartWorkflowOperation } from '@temporalio/client';
import type { WorkflowHandle } from '@temporalio/client';
import { environmentWorkflowId, releaseWorkflowId } from '../../domain/names';
import type { LedgerEntry } from '../../domain/release';
import type { OldRequest, ReleaseRequest, RemovalRequest, Request } from '../../domain/request';
import { CLOCKS_DIFFER_MS, environmentQuery, requestUpdate, WORKFLOWS } from '../../workflows/messages';
import type { EnvironmentState, ReleaseAnswer } from '../../workflows/messages';
import { sharedTemporal } from '../support/shared-temporal';
import type { UsedTemporal } from '../support/shared-temporal';
import { Door, failing } from '../support/answers';
import { LIVE, requestWith } from '../support/release-request';
import { ReleaseWorld, TASK_QUEUE } from '../support/release-world';

let world: ReleaseWorld;
beforeEach(() => world.reset());

describe('an environment', () => {
  beforeAll(async () => {
    world = await ReleaseWorld.start();
  }, 300_000);
  afterAll(() => world?.stop());

  it('starts the release it is asked for and remembers how it ended', async () => {
    const request = requestWith(
      { canary: { steps: [] } },
      { note: 'first', git: { commit: 'abc', branch: 'main', dirty: false } },
    );
    expect(await ask(request)).toEqual({
      accepted: true,
      releaseId: request.id,
      workflowId: releaseWorkflowId(request),
    });
    const { live, ledger } = await settled(request, idle);
    expect(live).toMatchObject({ version: '1.1.0', slot: 'blue' });
    expect(ledger).toHaveLength(1);
    expect(ledger[0]).toMatchObject({ outcome: 'released', who: 'alice', note: 'first', git: { commit: 'abc' } });
  });

  it('refuses what only a newer Spillway knows, and goes on', async () => {
    const request = requestWith({ canary: { steps: [] } });
    await ask(request);
    await settled(request, idle);
    const newer = { ...request, id: `${request.id}-2`, kind: 'rotation' };
    expect(await environmentOf(request).executeUpdate('release', { args: [newer] })).toEqual({
      accepted: false,
      reason: 'expected a request of one of these kinds: release, migration, removal, seen rotation: update the worker',
    });
    expect(await ask({ ...request, id: `${request.id}-3`, version: '1.2.0' })).toMatchObject({ accepted: true });
  });

  it('refuses what is no request, and goes on', async () => {
    const request = requestWith({ canary: { steps: [] } });
    await ask(request);
    await settled(request, idle);
    for (const given of [[], ['1.2.0'], [{ ...request, id: 'other', app: 'blog' }]]) {
      const refused = environmentOf(request).executeUpdate('release', { args: given as [unknown] });
      await expect(refused).rejects.toMatchObject({
        cause: { message: expect.stringContaining('expected a request') },
      });
    }
    expect(await ask({ ...request, id: `${request.id}-2`, version: '1.2.0' })).toMatchObject({ accepted: true });
  });

  it('understands what an older command asks for', async () => {
    const request = requestWith({ canary: { steps: [] } });
    expect(await ask(withoutKind(request))).toMatchObject({ accepted: true });
    const { live, ledger } = await settled(request, idle);
    expect({ version: live?.version, kind: ledger[0]?.kind }).toEqual({ version: '1.1.0', kind: 'release' });
  });

  it('answers a repeated request as it did the first time, and releases once', async () => {
    const request = requestWith({ canary: { steps: [] } });
    const [first, again] = await Promise.all([ask(request), ask(request)]);
    expect(again).toEqual(first);
    await settled(request, idle);
    expect(await ask(request)).toEqual(first);
    expect(world.asked('deploySlot')).toHaveLength(1);
  });

  it('refuses a second release at the same time, saying who is releasing what since when', async () => {
    const door = new Door();
    world.reset({ deploySlot: async () => (await door.wait(), { detail: '' }) });
    const request = requestWith({ canary: { steps: [] } });
    await ask(request);
    await door.entered;
    const second = await ask({ ...request, id: `${request.id}-2`, version: '1.2.0', who: 'bob' });
    expect(second).toMatchObject({ accepted: false, current: { version: '1.1.0', who: 'alice' } });
    expect((second as { reason: string }).reason).toMatch(/alice is releasing .* 1\.1\.0 to production since 20/);
    door.unlock();
    await settled(request, idle);
  });

  it('refuses the live version, unless it is released again', async () => {
    const request = requestWith({ canary: { steps: [] } });
    await ask(request);
    await settled(request, idle);
    const same = await ask({ ...request, id: `${request.id}-2` });
    expect((same as { reason: string }).reason).toMatch(/1\.1\.0 is live in production already.*--again/);
    const again = { ...request, id: `${request.id}-3`, options: { ...request.options, again: true } };
    expect((await ask(again)).accepted).toBe(true);
    const { ledger } = await settled(request, ({ ledger, current }) => current === null && ledger.length === 2);
    expect(ledger[0]?.outcome).toBe('unchanged');
  });

  it('gives the next release what is live, and keeps it when that release fails', async () => {
    const request = requestWith({ canary: { steps: [] } });
    await ask(request);
    await settled(request, idle);
    world.reset({ deploySlot: failing('does not start') });
    await ask({ ...request, id: `${request.id}-2`, version: '1.2.0' });
    const { live, ledger } = await settled(request, (state) => idle(state) && state.ledger.length === 2);
    expect(world.asked('preflight')[0]?.live).toMatchObject({ version: '1.1.0', slot: 'blue' });
    expect(live?.version).toBe('1.1.0');
    expect(ledger[0]).toMatchObject({ outcome: 'rolled back', why: 'does not start' });
  });

  it('learns from the durable ledger what it knew, when it was itself begun anew', async () => {
    const request = requestWith({ canary: { steps: [] } }, { version: '1.2.0' });
    const { app, environment } = request;
    const entry: LedgerEntry = {
      release: { app, environment, id: 'r0', version: '1.0.0' },
      ...{
        outcome: 'released',
        who: 'x',
        note: '',
        startedAt: 0,
        endedAt: 1,
        phases: [],
        images: [],
        messages: [],
        leftovers: [],
      },
      live: LIVE,
    };
    world.reset({ readLedger: () => [entry] });
    await ask(request);
    const { ledger } = await settled(request, ({ current, ledger }) => current === null && ledger.length === 2);
    expect(world.asked('preflight')[0]?.live).toEqual(LIVE);
    expect(ledger.map(({ release }) => release.version)).toEqual(['1.2.0', '1.0.0']);
  });

  const silent = () => {
    throw new Error('the engine does not answer');
  };

  it('soon lets preflight tell what is wrong when the ledger does not answer', async () => {
    world.reset({ readLedger: silent });
    const request = requestWith({ canary: { steps: [] } });
    expect(await ask(request)).toMatchObject({ accepted: true });
    expect(world.asked('readLedger')).toHaveLength(3);
    await settled(request, idle);
    expect(world.asked('preflight')).toHaveLength(1);
  });

  it.each(['history', 'plan'] as const)('does not let %s wait for a ledger that does not answer', async (name) => {
    world.reset({ readLedger: silent });
    const request = requestWith({});
    const args = [name === 'history' ? { request, limit: 50 } : request];
    const options = { workflowId: `${name}/${request.id}`, taskQueue: TASK_QUEUE, args };
    const cause = { cause: { message: 'the engine does not answer' } };
    await expect(world.client.workflow.execute(WORKFLOWS[name], options)).rejects.toMatchObject({ cause });
    expect(world.asked('readLedger')).toHaveLength(3);
  });

  it('gives every release a higher generation than the one before, and all its steps the same', async () => {
    world.reset({ readGeneration: () => 7 });
    const request = requestWith({ canary: { steps: [] } });
    await ask(request);
    await settled(request, idle);
    const steps = [...world.asked('preflight'), ...world.asked('deploySlot'), ...world.asked('recordEntry')];
    expect(steps.map(({ generation }) => generation)).toEqual([8, 8, 8]);
    await ask({ ...request, id: `${request.id}-2`, version: '1.2.0' });
    await settled(request, (state) => idle(state) && state.live?.version === '1.2.0');
    expect(world.asked('preflight').map(({ generation }) => generation)).toEqual([8, 9]);
    expect(world.asked('readGeneration')).toHaveLength(1);
  });

  it('learns the generation anew after what is kept refused a lower one', async () => {
    const known = [3, 40];
    world.reset({
      preflight: failing('another release began later', 'OutdatedFailure'),
      readGeneration: () => known.shift(),
    });
    const request = requestWith({ canary: { steps: [] } });
    await ask(request);
    await settled(request, (state) => idle(state) && state.ledger[0]?.outcome === 'refused');
    expect(world.asked('readGeneration')).toHaveLength(2);
    world.reset();
    await ask({ ...request, id: `${request.id}-2` });
    await settled(request, (state) => idle(state) && state.ledger.length === 2);
    expect(world.asked('preflight')[0]?.generation).toBe(41);
  });

  it('begins although the generation cannot be read: what is kept refuses a lower one by itself', async () => {
    world.reset({ readGeneration: failing('no engine') });
    const request = requestWith({ canary: { steps: [] } });
    expect((await ask(request)).accepted).toBe(true);
    await settled(request, idle);
    expect(world.asked('preflight')[0]?.generation).toBe(1);
  });

  it('refuses a release whose lock is held by something else', async () => {
    const door = new Door();
    world.reset({ deploySlot: async () => (await door.wait(), { detail: '' }) });
    const request = requestWith({ canary: { steps: [] } });
    const other = await world.begin(request, null);
    await door.entered;
    const answer = await ask({ ...request, id: `${request.id}-2`, version: '1.2.0' });
    expect(answer).toMatchObject({ accepted: false });
    expect((answer as { reason: string }).reason).toContain('runs already');
    door.unlock();
    await other.result();
  });

  it('serves who asks just when a release has ended, of which it may not have heard', async () => {
    const request = requestWith({ canary: { steps: [] } });
    await ask(request);
    await world.client.workflow.getHandle(releaseWorkflowId(request)).result();
    expect((await ask({ ...request, id: `${request.id}-2`, version: '1.2.0' })).accepted).toBe(true);
    await settled(request, (state) => idle(state) && state.live?.version === '1.2.0');
  });

  it('does not begin what nobody waits for any more, with words', async () => {
    const request = requestWith({ canary: { steps: [] } });
    const answer = await ask({ ...request, notAfter: Date.now() - 2 * CLOCKS_DIFFER_MS });
    expect(answer).toMatchObject({
      accepted: false,
      reason: expect.stringMatching(/^1\.1\.0 was to begin before 20.*Ask again/),
    });
    expect(world.ran()).toEqual([]);
    // Time skips, and nobody knows how far: the last moment that there is.
    const again = { ...request, id: `${request.id}-2`, notAfter: 8.64e15 };
    expect((await ask(again)).accepted).toBe(true);
    await settled(request, idle);
  });

  it('keeps twenty releases and stays small when it continues as new', async () => {
    const request = requestWith({ canary: { steps: [] } });
    for (let index = 0; index < 22; index++) {
      await ask({ ...request, id: `${request.id}-${index}`, version: `1.1.${index}` });
      await settled(request, (state) => idle(state) && state.live?.version === `1.1.${index}`);
    }
    const { ledger } = await environmentOf(request).query(environmentQuery);
    expect(ledger).toHaveLength(20);
    expect(JSON.stringify(ledger).length).toBeLessThan(200_000);
  }, 300_000);
});

// The server that skips time does not tell a parent that its child was terminated.
describe('an environment on a real server', () => {
  let server: UsedTemporal;
  beforeAll(async () => {
    server = await sharedTemporal();
    world = await ReleaseWorld.start(server.address);
  }, 300_000);
  afterAll(async () => {
    await world.stop();
    await server.stop();
  });

  it('reconciles after a release that somebody terminated', async () => {
    const door = new Door();
    world.reset({
      deploySlot: async () => (await door.wait(), { detail: '' }),
      reconcile: () => ({ did: ['removed 1.1.0 from blue'] }),
    });
    const request = requestWith({ canary: { steps: [] } });
    await ask(request);
    await door.entered;
    await world.client.workflow.getHandle(releaseWorkflowId(request)).terminate('by mistake');
    const { live, ledger } = await settled(request, idle);
    expect(live).toBeNull();
    expect(ledger[0]).toMatchObject({ outcome: 'terminated', leftovers: ['reconciled: removed 1.1.0 from blue'] });
    expect(world.asked('reconcile')[0]?.live).toBeNull();
    expect([world.asked('deploySlot')[0]?.generation, world.asked('reconcile')[0]?.generation]).toEqual([1, 2]);
  });

  it('needs a hand until the next version is released when it could not reconcile', async () => {
    const door = new Door();
    world.reset({
      deploySlot: async () => (await door.wait(), { detail: '' }),
      reconcile: failing('the router is gone'),
    });
    const request = requestWith({ canary: { steps: [] } });
    await ask(request);
    await door.entered;
    await world.client.workflow.getHandle(releaseWorkflowId(request)).terminate('by mistake');
    const { needsHand, ledger } = await settled(request, idle);
    expect(needsHand).toContain('its remains could not be removed: the router is gone');
    expect(ledger[0]?.leftovers).toEqual(['its remains could not be removed: the router is gone']);
    world.reset();
    await ask({ ...request, id: `${request.id}-2`, version: '1.2.0' });
    const after = await settled(request, (state) => idle(state) && state.live?.version === '1.2.0');
    expect(after.needsHand).toBeUndefined();
  });

  it('puts nothing back after a removal that somebody terminated, and says what to do [proves remove]', async () => {
    const door = new Door();
    world.reset({ removeGroups: async () => (await door.wait(), { removed: [], left: [] }) });
    const of = requestWith();
    const { app, environment, id, config, projectDirectory, who, note, requestedAt } = of;
    const asked = { app, environment, id, config, projectDirectory, who, note, requestedAt };
    const options = { keepLedger: false, backups: false, volumes: false };
    const request: RemovalRequest = { ...asked, kind: 'removal', options };
    await world.ask(request);
    await door.entered;
    await world.client.workflow.getHandle(releaseWorkflowId(request)).terminate('by mistake');
    const { needsHand, ledger } = await settled(of, idle);
    expect(ledger[0]?.outcome).toBe('terminated');
    expect(needsHand).toMatch(/removal was terminated: ask for the removal again/);
    expect(world.ran()).not.toContain('reconcile');
    door.unlock();
    world.reset();
    await world.ask({ ...request, id: `${request.id}-2` });
    const after = await settled(of, (state) => state.ledger[0]?.outcome === 'removed');
    expect(after.needsHand).toBeUndefined();
  });

  it('serves who asks while it reconciles when that is done', async () => {
    const door = new Door();
    world.reset({ deploySlot: async () => (await door.wait(), { detail: '' }) });
    const request = requestWith({ canary: { steps: [] } });
    await ask(request);
    await door.entered;
    await world.client.workflow.getHandle(releaseWorkflowId(request)).terminate('by mistake');
    await settled(request, ({ ledger }) => ledger[0]?.outcome === 'terminated');
    world.reset();
    expect((await ask({ ...request, id: `${request.id}-2`, version: '1.2.0' })).accepted).toBe(true);
    expect(world.ran()[0]).toBe('reconcile');
    await settled(request, (state) => idle(state) && state.live?.version === '1.2.0');
  });
});

describe('a request that waits with Temporal for a worker', () => {
  it('is refused by one that comes when nobody waits any more', async () => {
    const server = await sharedTemporal();
    const connection = await Connection.connect({ address: server.address });
    try {
      const request = { ...requestWith(), notAfter: Date.now() - CLOCKS_DIFFER_MS + 1_000 };
      const { app, environment } = request;
      const startWorkflowOperation = new WithStartWorkflowOperation(WORKFLOWS.environment, {
        workflowId: environmentWorkflowId(request),
        taskQueue: TASK_QUEUE,
        workflowIdConflictPolicy: 'USE_EXISTING',
        args: [{ app, environment }],
      });
      const options = { args: [request] as [ReleaseRequest], updateId: request.id, startWorkflowOperation };
      const answer = new Client({ connection }).workflow.executeUpdateWithStart(requestUpdate('release'), options);
      await sleep(2_000);
      world = await ReleaseWorld.start(server.address);
      expect(await answer).toMatchObject({ accepted: false, reason: expect.stringContaining('nobody waits for it') });
      expect(world.ran()).toEqual([]);
      await world.stop();
    } finally {
      await connection.close();
      await server.stop();
    }
  }, 300_000);
});

/** As a command before kinds asks. */
function withoutKind({ kind: _kind, ...request }: ReleaseRequest): OldRequest {
  return request;
}

const ask = (request: Request | OldRequest): Promise<ReleaseAnswer> => world.ask(request);

function environmentOf(request: ReleaseRequest): WorkflowHandle {
  return world.client.workflow.getHandle(environmentWorkflowId(request));
}

const settled = (request: ReleaseRequest, wanted: (state: EnvironmentState) => boolean): Promise<EnvironmentState> =>
  world.settled(request, wanted);

const idle = ({ current, ledger }: EnvironmentState): boolean => current === null && ledger.length > 0;
