import { MESSAGES, parseMessage, refusal } from '../../domain/messages';
import type { MessageName, Situation } from '../../domain/messages';
import { PHASES } from '../../domain/release';

const running: Situation = {
  state: 'running',
  phase: 'deploy',
  asking: null,
  soaking: false,
  approve: { required: true, by: [] },
  stopping: false,
};

function accepted(situation: Partial<Situation>, who = 'alice'): MessageName[] {
  return MESSAGES.filter((name) => refusal({ ...running, ...situation }, { name, who, why: '' }) === undefined);
}

describe('which messages are accepted', () => {
  it.each(PHASES.filter((phase) => phase !== 'bake' && phase !== 'drain' && phase !== 'retire'))(
    'in %s: abort and pause',
    (phase) => {
      expect(accepted({ phase })).toEqual(['abort', 'pause']);
    },
  );
  it('in bake also rollback', () => expect(accepted({ phase: 'bake' })).toEqual(['abort', 'pause', 'rollback']));
  it.each(['drain', 'retire'] as const)('in %s: none', (phase) => expect(accepted({ phase })).toEqual([]));
  it('while it soaks also promote', () => expect(accepted({ soaking: true })).toEqual(['abort', 'pause', 'promote']));
  it('while approval is asked for also approve and reject', () =>
    expect(accepted({ phase: 'approve', asking: 'approval' })).toEqual(['approve', 'reject', 'abort', 'pause']));
  it('while a canary is inconclusive also promote and reject', () =>
    expect(accepted({ phase: 'canary', asking: 'canary' })).toEqual(['reject', 'abort', 'pause', 'promote']));
  it('while paused resume instead of pause', () => expect(accepted({ state: 'paused' })).toEqual(['abort', 'resume']));
  it('while being undone none', () => expect(accepted({ state: 'undoing' })).toEqual([]));
  it('once a stop was accepted none', () =>
    expect(accepted({ stopping: true, soaking: true, asking: 'approval' })).toEqual([]));
  it('while it needs a hand retry and resolved', () =>
    expect(accepted({ state: 'needs a hand' })).toEqual(['retry', 'resolved']));
  it('when it has ended none', () => expect(accepted({ state: 'ended' })).toEqual([]));
  it('approve and reject only by those who may', () => {
    const asked: Partial<Situation> = {
      ...{ phase: 'approve', asking: 'approval', approve: { required: true, by: ['alice'] } },
    };
    expect(accepted(asked, 'mallory')).toEqual(['abort', 'pause']);
    expect(accepted(asked, 'alice')).toEqual(['approve', 'reject', 'abort', 'pause']);
  });
});

describe('what came with a message', () => {
  it.each([
    [undefined, 'somebody', ''],
    [null, 'somebody', ''],
    ['looks good', 'somebody', 'looks good'],
    [{ who: 'bob' }, 'bob', ''],
    [{ who: 7, why: 'x\u0007y' }, 'somebody', 'x y'],
    [['bob'], 'somebody', ''],
  ])('%j is read as who %s and why %s', (payload, who, why) => {
    expect(parseMessage('approve', payload)).toEqual({ name: 'approve', who, why });
  });
  it('is cut to 500 characters', () => expect(parseMessage('abort', 'x'.repeat(9_999)).why).toHaveLength(500));
});
