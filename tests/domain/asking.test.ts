import { questionText, yesTo } from '../../domain/asking';
import type { Question } from '../../domain/asking';
import type { Phase, ReleaseStatus } from '../../domain/release';

const running = (more: Partial<ReleaseStatus>): ReleaseStatus => ({
  release: { app: 'shop', environment: 'production', id: 'r1', version: '1.3.0' },
  ...{ state: 'running', phase: 'canary', phases: [], undos: [], messages: [], share: 10, leftovers: [] },
  ...{ who: 'alice', note: '', startedAt: 0, waitingFor: 'somebody' },
  ...more,
});
const QUESTIONS: [Question, string, string | undefined][] = [
  [{ for: 'approval', by: [] }, 'approval within 1 h', 'approve'],
  [{ for: 'approval', by: ['alice', 'bob'] }, 'approval by alice or bob within 1 h', 'approve'],
  [{ for: 'canary', reason: '3 of 20' }, 'promote or reject: the canary is inconclusive (3 of 20)', 'promote'],
  [{ for: 'promotion', share: 10 }, 'promote or reject: the step at 10 % is manual; within 1 h', 'promote'],
  [{ for: 'resume' }, 'resume', undefined],
  [{ for: 'hand', undo: 'remove 1.3.0' }, 'retry or resolved: this undo failed: remove 1.3.0', undefined],
];

describe('what is asked of a person', () => {
  it.each(QUESTIONS)('%j is told in words, with the message that says yes', (question, text, yes) => {
    const asks = { ...question, since: 5_000, until: 3_605_000 };
    expect(questionText(asks)).toBe(text);
    expect(yesTo(running({ asks }))).toBe(yes);
  });

  it('cannot be answered while the release is paused', () => {
    const asks = { for: 'approval', by: [], since: 0 } as const;
    expect(yesTo(running({ asks, state: 'paused' }))).toBeUndefined();
  });

  it.each([
    ['approve', 'approve'],
    ['canary', 'promote'],
    ['bake', 'promote'],
    ['deploy', undefined],
  ] as [Phase, string | undefined][])(
    'is known in %s although a status of an older version has it in words only',
    (phase, yes) => {
      expect(yesTo(running({ phase }))).toBe(yes);
    },
  );
});
