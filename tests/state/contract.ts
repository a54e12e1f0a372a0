import type { Claimant } from '../../domain/fence';
import type { Io } from '../../domain/host';
import type { LedgerEntry } from '../../domain/release';
import { stateOn } from '../../state/open';
import { NO_ARCHIVE } from './no-archive';
import type { Documents, State } from '../../state/state';

/** A place in which an environment keeps things, for as long as a test lasts. */
export interface Place {
  /** Opens it once more, as another worker does. */
  open(): Documents;
  close(): Promise<void>;
}

export const io: Io = { signal: new AbortController().signal, onProgress: () => undefined };

export const claimant = (id: string, generation?: number): Claimant => ({
  app: 'shop',
  environment: 'production',
  id,
  ...(generation !== undefined && { generation }),
});

type Moment = 'before it reads' | 'after it read' | 'after it wrote';
const MOMENTS: Moment[] = ['before it reads', 'after it read', 'after it wrote'];

/** A worker that stops in the middle of taking the fence until it is told to go on. */
function frozen(documents: Documents, moment: Moment): { state: State; isFrozen: Promise<void>; thaw: () => void } {
  let thaw = (): void => undefined;
  let reached = (): void => undefined;
  const isFrozen = new Promise<void>((resolve) => (reached = resolve));
  const thawed = new Promise<void>((resolve) => (thaw = resolve));
  const stop = async (at: Moment): Promise<void> => {
    if (at !== moment) return;
    reached();
    await thawed;
  };
  const slow: Documents = {
    placeOf: (name) => documents.placeOf(name),
    write: (...given) => documents.write(...given),
    list: (...given) => documents.list(...given),
    remove: (...given) => documents.remove(...given),
    read: async (...given) => {
      await stop('before it reads');
      const text = await documents.read(...given);
      await stop('after it read');
      return text;
    },
    replace: async (...given) => {
      const isReplaced = await documents.replace(...given);
      await stop('after it wrote');
      return isReplaced;
    },
  };
  return { state: stateOn(slow, NO_ARCHIVE), isFrozen, thaw };
}

/** Every place has to keep to this contract, and runs it on the real thing. */
export function keepsTheContract(openPlace: () => Promise<Place>): void {
  let place: Place;
  beforeEach(async () => {
    place = await openPlace();
  });
  afterEach(() => place.close());
  const state = (): State => stateOn(place.open(), NO_ARCHIVE);

  describe('documents', () => documentsKeepIt(() => place));
  describe('the fence', () => fenceKeepsIt(() => place, state));
  describe('the ledger', () => ledgerKeepsIt(() => place, state));
}

function documentsKeepIt(place: () => Place): void {
  it('are read as they were written, by every worker', async () => {
    const text = 'a "b" $HOME `c` \\n %s äö\n\n  d\n';
    expect(await place().open().read('live.json', io)).toBeUndefined();
    await place().open().write('live.json', 'before', io);
    await place().open().write('live.json', text, io);
    expect(await place().open().read('live.json', io)).toBe(text);
  });

  it('are replaced by whoever has seen what they hold, and by nobody else', async () => {
    const documents = place().open();
    expect(await documents.replace('a', { seen: 'none', by: '1\n' }, io)).toBe(false);
    expect(await documents.read('a', io)).toBeUndefined();
    expect(await documents.replace('a', { seen: undefined, by: '1 "$x"\n2\n' }, io)).toBe(true);
    expect(await documents.replace('a', { seen: undefined, by: '3\n' }, io)).toBe(false);
    expect(await documents.replace('a', { seen: '1 "$x"\n', by: '3\n' }, io)).toBe(false);
    expect(await documents.read('a', io)).toBe('1 "$x"\n2\n');
    expect(await documents.replace('a', { seen: await documents.read('a', io), by: '3\n' }, io)).toBe(true);
    expect(await documents.read('a', io)).toBe('3\n');
  });

  it('are replaced by one of many who try at once', async () => {
    await place().open().write('a', 'old\n', io);
    const many = Array.from({ length: 8 }, (_, index) =>
      place()
        .open()
        .replace('a', { seen: 'old\n', by: `new ${index}\n` }, io),
    );
    const replaced = await Promise.all(many);
    expect(replaced.filter(Boolean)).toHaveLength(1);
    expect(await place().open().read('a', io)).toBe(`new ${replaced.indexOf(true)}\n`);
  });

  it('are listed by the folder in which they stand, and go with it', async () => {
    const documents = place().open();
    expect(await documents.list('reports', io)).toEqual([]);
    for (const name of ['reports/b/bake.svg', 'reports/a/canary-10.svg', 'reports/a/bake.svg', 'tags-a.json'])
      await documents.write(name, 'x', io);
    expect(await documents.list('reports', io)).toEqual(['a', 'b']);
    expect(await documents.list('reports/a', io)).toEqual(['bake.svg', 'canary-10.svg']);
    expect(await documents.list('', io)).toContain('tags-a.json');
    await documents.remove('reports/a', io);
    await documents.remove('tags-a.json', io);
    await documents.remove('tags-a.json', io);
    expect(await documents.list('reports', io)).toEqual(['b']);
    expect(await documents.read('reports/a/bake.svg', io)).toBeUndefined();
    expect(await documents.list('', io)).not.toContain('tags-a.json');
  });
}

function fenceKeepsIt(place: () => Place, state: () => State): void {
  const outdated = { name: 'OutdatedFailure' };
  /** Whether a step of this release would do anything. */
  const mayStep = (id: string, generation?: number): Promise<boolean> =>
    state()
      .fence.expectHeld(claimant(id, generation), io)
      .then(
        () => true,
        () => false,
      );

  it.each(MOMENTS)('never goes back to a worker that was frozen %s, and its steps do nothing', async (moment) => {
    await state().fence.take(claimant('first', 1), io);
    const late = frozen(place().open(), moment);
    const taking = late.state.fence.take(claimant('frozen', 2), io);
    const outcome = taking.then(
      () => 'taken',
      (error: Error) => error.name,
    );
    await late.isFrozen;
    await state().fence.take(claimant('later', 3), io);
    late.thaw();
    // What it wrote before it froze was right then.
    expect(await outcome).toBe(moment === 'after it wrote' ? 'taken' : 'OutdatedFailure');
    expect(await state().fence.holder(io)).toEqual({ id: 'later', generation: 3 });
    expect(await mayStep('frozen', 2)).toBe(false);
    expect(await mayStep('later', 3)).toBe(true);
  });

  it('is taken by a higher generation only; whoever holds it has taken it', async () => {
    const { fence } = state();
    await expect(fence.expectHeld(claimant('a', 4), io)).rejects.toThrow('does not exist');
    await fence.take(claimant('a', 4), io);
    await fence.take(claimant('a', 4), io);
    await expect(fence.take(claimant('b', 3), io)).rejects.toMatchObject(outdated);
    await expect(fence.take(claimant('b', 4), io)).rejects.toThrow(
      /expected b \(generation 4\) .* names a \(generation 4\)/,
    );
    await fence.take(claimant('b', 5), io);
    await expect(fence.take(claimant('a', 4), io)).rejects.toMatchObject(outdated);
    expect(await fence.holder(io)).toEqual({ id: 'b', generation: 5 });
  });

  it('goes to one of two that took the same generation, whichever is first', async () => {
    const both = await Promise.allSettled([
      state().fence.take(claimant('here', 2), io),
      state().fence.take(claimant('there', 2), io),
    ]);
    expect(both.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    expect(await mayStep('here', 2)).not.toBe(await mayStep('there', 2));
  });

  it('tells a release that was asked for again from its late steps', async () => {
    await state().fence.take(claimant('a', 4), io);
    await state().fence.take(claimant('a', 6), io);
    expect([await mayStep('a', 4), await mayStep('a', 6)]).toEqual([false, true]);
    await expect(state().fence.take(claimant('a', 4), io)).rejects.toMatchObject(outdated);
  });

  it('that an earlier version or a person wrote holds an id of generation 0', async () => {
    await place().open().write('fence', 'old\n', io);
    expect(await state().fence.holder(io)).toEqual({ id: 'old', generation: 0 });
    expect([await mayStep('old'), await mayStep('old', 7), await mayStep('new', 7)]).toEqual([true, true, false]);
    await state().fence.take(claimant('new', 1), io);
    expect([await mayStep('old'), await mayStep('new', 1)]).toEqual([false, true]);
  });

  it('goes on with releases that an earlier version began, which know no generation', async () => {
    await place().open().write('fence', 'before\n', io);
    await state().fence.take(claimant('old'), io);
    await state().fence.take(claimant('old'), io);
    expect(await place().open().read('fence', io)).toBe('old\n');
    expect([await mayStep('old'), await mayStep('before')]).toEqual([true, false]);
    await state().fence.take(claimant('new', 1), io);
    await expect(state().fence.take(claimant('old'), io)).rejects.toMatchObject(outdated);
    expect([await mayStep('old'), await mayStep('new')]).toEqual([false, true]);
  });

  it('says what is wrong with what somebody wrote, and where', async () => {
    await place().open().write('fence', 'a\nmany\n', io);
    await expect(state().fence.take(claimant('b', 1), io)).rejects.toMatchObject({
      name: 'ConfigurationFailure',
      message: expect.stringContaining(state().fence.place) as string,
    });
  });
}

function ledgerKeepsIt(place: () => Place, state: () => State): void {
  const ids = ['20261121-100000-1.0.0-a', '20261121-110000-1.1.0-b', '20261122-090000-1.2.0-c'];
  const idsOf = async (limit: number, before?: string): Promise<string[]> =>
    (await state().ledger.page({ limit, before }, io)).map(({ release }) => release.id);

  it('has one entry a release, however often it is written, and pages newest first', async () => {
    expect(await idsOf(5)).toEqual([]);
    for (const id of [...ids, ids[1]!]) await state().ledger.write(entry(id), io);
    expect([...(await state().ledger.ids(io))].sort()).toEqual(ids);
    expect(await idsOf(2)).toEqual([ids[2], ids[1]]);
    expect(await idsOf(2, ids[1])).toEqual([ids[0]]);
    expect(await idsOf(2, ids[0])).toEqual([]);
    expect(await state().ledger.find(ids[1]!, io)).toEqual(entry(ids[1]!));
    expect(await state().ledger.find('another', io)).toBeUndefined();
  });

  it('answers with at least one entry, and no more than fit into an answer', async () => {
    for (const id of ids) await state().ledger.write({ ...entry(id), note: 'x'.repeat(600_000) }, io);
    expect(await idsOf(3)).toEqual([ids[2]]);
  });

  it('names the entry that somebody damaged', async () => {
    const name = `ledger/${ids[0]}.json`;
    await place().open().write(name, '{"release":', io);
    await expect(idsOf(5)).rejects.toThrow(place().open().placeOf(name));
  });
}

/** An entry of a release that ended well. */
export function entry(id: string): LedgerEntry {
  const nothing = { phases: [], images: [], messages: [], leftovers: [] };
  const release = { app: 'shop', environment: 'production', id, version: '1.0.0' };
  return { release, outcome: 'released', who: 'alice', note: '', startedAt: 1, endedAt: 2, ...nothing, live: null };
}
