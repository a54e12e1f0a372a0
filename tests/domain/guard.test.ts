import { troubleOf } from '../../domain/guard';

describe('a release that cannot be asked', () => {
  it.each([0, 1, 2])('is well at try %d: it waits, or its worker has just died', (attempt) =>
    expect(troubleOf({ attempt, phase: 'canary' })).toBeNull(),
  );

  it('is in trouble when its code fails again and again, and says what it raised', () => {
    expect(troubleOf({ attempt: 3, failure: 'TypeError: x is undefined', phase: 'canary' })).toEqual({
      why: 'no worker gets on with it (try 3): TypeError: x is undefined',
    });
    expect(troubleOf({ attempt: 9 })).toEqual({ why: 'no worker gets on with it (try 9), nor says why' });
  });

  it.each(['drain', 'retire'])('is left alone in %s, since nothing can go back any more', (phase) =>
    expect(troubleOf({ attempt: 9, phase })?.spared).toContain('all the traffic'),
  );

  it('is left alone while it needs a hand, since somebody may be at work', () => {
    expect(troubleOf({ attempt: 9, phase: 'canary', outcome: 'needs a hand' })?.spared).toContain('by hand');
  });
});
