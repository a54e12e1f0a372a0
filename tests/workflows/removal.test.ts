import { ApplicationFailure } from '@temporalio/activity';
import type { LedgerEntry } from '../../domain/release';
import type { RemovalOptions } from '../../domain/removal';
import type { ReleaseRequest, RemovalRequest } from '../../domain/request';
import { releaseWorkflowId } from '../../domain/names';
import type { EnvironmentState } from '../../workflows/messages';
import { Door, failing, REMAINS } from '../support/answers';
import { LIVE, requestWith } from '../support/release-request';
import { ReleaseWorld } from '../support/release-world';

let world: ReleaseWorld;
beforeAll(async () => void (world = await ReleaseWorld.start()), 300_000);
afterAll(async () => world.stop());
beforeEach(() => world.reset());

const KEEP: RemovalOptions = { keepLedger: false, backups: false, volumes: false };

function removalOf(of: ReleaseRequest, options: Partial<RemovalOptions> = {}, id = `${of.id}-remove`): RemovalRequest {
  const { app, environment, config, projectDirectory, who, requestedAt } = of;
  const asked = { app, environment, config, projectDirectory, who, requestedAt, note: 'not needed any more' };
  return { kind: 'removal', id, options: { ...KEEP, ...options }, ...asked };
}

function known(request: ReleaseRequest): LedgerEntry {
  const release = { app: request.app, environment: request.environment, id: 'r0', version: '1.0.0' };
  const nothing = { phases: [], images: [], messages: [], leftovers: [], note: '' };
  return { release, outcome: 'released', who: 'bob', startedAt: 1, endedAt: 2, ...nothing, live: LIVE };
}

const isOver = ({ current, ledger }: EnvironmentState) => current === null && ledger[0]?.kind === 'removal';

/** Asks, and answers the environment after it. */
async function removed(options: Partial<RemovalOptions> = {}): Promise<EnvironmentState> {
  const request = requestWith();
  await world.ask(removalOf(request, options));
  return world.settled(request, isOver);
}

describe('a removal', () => {
  it('takes the routes out first, the state last, and leaves nothing live [proves remove]', async () => {
    const request = requestWith();
    world.reset({ readLedger: () => [known(request)] });
    expect(await world.ask(removalOf(request))).toMatchObject({ accepted: true });
    const { live, ledger, config } = await world.settled(request, isOver);
    expect({ live, config }).toEqual({ live: null, config: undefined });
    expect(ledger[0]).toMatchObject({
      outcome: 'removed',
      live: null,
      note: 'not needed any more',
      leftovers: ['volume orders stays'],
    });
    expect(world.ran()).toEqual(['beginRemoval', 'removeRoutes', 'removeGroups', 'removeImages', 'setStateAside']);
    expect(world.asked('removeImages')[0]?.names).toEqual(['fx-web:1.0.0']);
    expect(world.asked('setStateAside')[0]?.entry).toMatchObject({ outcome: 'removed', live: null });
    expect(world.asked('recordEntry')).toEqual([]);
  });

  it('is followed by a release that knows of no version before it', async () => {
    const request = requestWith();
    world.reset({ readLedger: () => [known(request)] });
    await world.ask(removalOf(request));
    await world.settled(request, isOver);
    await world.ask(request);
    await world.settled(request, ({ live }) => live?.version === '1.1.0');
    expect(world.asked('preflight')[0]?.live).toBeNull();
    expect(world.asked('deploySlot')[0]).toMatchObject({ firstRelease: true });
  });

  it('removes volumes and backups only when that was asked, and writes the ledger in its place when it is kept', async () => {
    world.reset({ beginRemoval: () => ({ ...REMAINS, volumes: ['orders'], ledger: undefined }) });
    await removed({ volumes: true, backups: true, keepLedger: true });
    const steps = ['removeRoutes', 'removeGroups', 'removeImages', 'removeVolumes', 'removeBackups'];
    expect(world.ran()).toEqual(['beginRemoval', ...steps]);
    expect(world.asked('recordEntry')[0]?.entry).toMatchObject({ outcome: 'removed' });
  });

  it('that may not begin changes nothing and says why', async () => {
    world.reset({ beginRemoval: failing('belongs to other:7233; run `spillway adopt`', 'PreflightFailure') });
    expect((await removed()).ledger[0]).toMatchObject({
      outcome: 'refused',
      why: 'belongs to other:7233; run `spillway adopt`',
    });
    expect(world.ran()).toEqual(['beginRemoval']);
  });

  it('that cannot go on ends in part, keeps the ledger where it is, and may be asked for again', async () => {
    const request = requestWith();
    world.reset({ readLedger: () => [known(request)], removeImages: failing('no space left', 'ConfigurationFailure') });
    await world.ask(removalOf(request));
    const { ledger, live } = await world.settled(request, isOver);
    expect(live).toBeNull();
    expect(ledger[0]).toMatchObject({ outcome: 'removed in part', why: 'no space left' });
    expect(world.asked('recordEntry')[0]?.entry).toMatchObject({ outcome: 'removed in part' });
    expect(world.ran()).not.toContain('setStateAside');
    world.reset();
    await world.ask(removalOf(request, {}, 'again'));
    await world.settled(request, (state) => state.ledger[0]?.outcome === 'removed');
  });

  it('that fails at the router leaves the version live, which still serves', async () => {
    const request = requestWith();
    world.reset({ readLedger: () => [known(request)], removeRoutes: failing('not accepted', 'ConfigurationFailure') });
    await world.ask(removalOf(request));
    const { live, ledger } = await world.settled(request, isOver);
    expect(live).toEqual(LIVE);
    expect(ledger[0]?.outcome).toBe('removed in part');
    expect(world.ran()).not.toContain('removeGroups');
  });

  it('that is aborted before anything went ends refused, and later no abort is accepted', async () => {
    const early = new Door();
    const late = new Door();
    const request = requestWith();
    world.reset({ beginRemoval: async () => (await early.wait(), REMAINS) });
    await world.ask(removalOf(request));
    await early.entered;
    const handle = world.client.workflow.getHandle(releaseWorkflowId(request));
    expect(await world.tell(handle, 'abort', { who: 'alice', why: 'the wrong one' })).toBeUndefined();
    early.unlock();
    const { ledger } = await world.settled(request, isOver);
    expect(ledger[0]).toMatchObject({ outcome: 'refused', why: 'abort by alice: the wrong one' });
    expect(world.ran()).toEqual(['beginRemoval']);

    world.reset({ removeGroups: async () => (await late.wait(), { removed: [], left: [] }) });
    await world.ask(removalOf(request, {}, 'second'));
    await late.entered;
    expect(await world.tell(handle, 'abort')).toContain('point of no return');
    late.unlock();
    await world.settled(request, (state) => state.ledger[0]?.outcome === 'removed');
  });

  it('waits for no release, and names the one that is going on', async () => {
    const door = new Door();
    const request = requestWith();
    world.reset({ buildImages: async () => (await door.wait(), { images: [], identity: 'i', tags: [] }) });
    await world.ask(request);
    await door.entered;
    expect(await world.ask(removalOf(request))).toMatchObject({
      accepted: false,
      reason: expect.stringMatching(
        `^alice is releasing ${request.app} 1.1.0 to production since .*; wait, or abort it`,
      ),
    });
    door.unlock();
    await world.settled(request, ({ current }) => current === null);
    expect(world.ran()).not.toContain('beginRemoval');
  });

  it('whose engine does not answer in its preflight ends refused as unreachable', async () => {
    world.reset({
      beginRemoval: () => {
        throw ApplicationFailure.create({ message: 'no engine', type: 'UnreachableFailure', nonRetryable: true });
      },
    });
    const request = requestWith();
    const answer = await world.ask(removalOf(request));
    expect(answer.accepted).toBe(true);
    const result = await world.client.workflow.getHandle(releaseWorkflowId(request)).result();
    expect(result).toMatchObject({ status: { outcome: 'refused', unreachable: true, why: 'no engine' } });
  });
});
