import { LABELS } from '../../domain/names';
import {
  adoptable,
  isOwn,
  judgeNames,
  judgeOwnership,
  type Claim,
  type Labels,
  type Seen,
} from '../../domain/ownership';

const scope = { app: 'shop', environment: 'production' };
const labels = (more: Labels): Labels => ({ [LABELS.app]: 'shop', [LABELS.environment]: 'production', ...more });
const claim = (more: Labels, isNeeded = false): Claim => ({
  kind: 'container',
  name: 'shop.production.web.blue-1',
  labels: labels(more),
  isNeeded,
  commands: { rename: 'docker rename NAME OTHER', list: 'docker ps' },
});
const seen = (more: Partial<Seen>): Seen => ({
  scope,
  document: undefined,
  claims: [],
  temporal: 'here:7233/default',
  ...more,
});
const document = { id: 'e1', formerly: [], temporal: 'here:7233/default', since: '' };
const problem = (more: Partial<Seen>): string => {
  const found = judgeOwnership(seen(more), 'new');
  return 'problem' in found ? found.problem : 'none';
};

describe('an environment', () => {
  it('that nobody has yet becomes the one that asks, under a new id', () => {
    expect(judgeOwnership(seen({}), 'new')).toMatchObject({ owner: { id: 'new', formerly: [] } });
  });

  it('keeps its id, whichever of its containers are there', () => {
    const claims = [claim({ [LABELS.id]: 'e1' })];
    expect(judgeOwnership(seen({ document, claims }), 'new')).toMatchObject({ owner: { id: 'e1' } });
  });

  it('of another Temporal is refused, and says how to adopt it', () => {
    const told = problem({ document: { ...document, temporal: 'there:7233/default' } });
    expect(told).toContain('belongs to there:7233/default');
    expect(told).toContain('spillway adopt -e production');
  });

  it('that an earlier version made is taken over by the Temporal in its labels, and by no other', () => {
    const claims = (owner: string) => [claim({ [LABELS.owner]: owner })];
    expect(judgeOwnership(seen({ claims: claims('here:7233/default') }), 'new')).toMatchObject({
      owner: { id: 'new', formerly: ['here:7233/default'] },
    });
    expect(problem({ claims: claims('there:7233/default') })).toContain('belongs to there:7233/default');
  });

  it('whose document was lost is nobody’s until a Temporal adopts it', () => {
    expect(problem({ claims: [claim({ [LABELS.id]: 'e1', [LABELS.release]: 'r1' })] })).toContain('spillway adopt');
  });

  it('is refused while containers of another environment carry its names', () => {
    expect(problem({ document, claims: [claim({ [LABELS.id]: 'e2' })] })).toContain('environment e2');
    expect(problem({ document, claims: [claim({})] })).toContain('nobody');
    expect(problem({ claims: [claim({ [LABELS.id]: 'e1' }), claim({ [LABELS.id]: 'e2' })] })).toContain('e1, e2');
  });

  it('is adopted with its id and with the labels that earlier versions wrote', () => {
    const theirs = { ...document, temporal: 'there:7233/default', formerly: ['there:7233/default'] };
    const claims = [claim({ [LABELS.id]: 'e1' }), claim({ [LABELS.owner]: 'elsewhere:1/x' })];
    expect(adoptable(seen({ document: theirs, claims }), 'new')).toEqual({
      id: 'e1',
      formerly: ['elsewhere:1/x', 'there:7233/default'],
    });
  });
});

describe('a name', () => {
  const own = { ...scope, owner: { id: 'e1', formerly: ['here:7233/default'] } };

  it('that the environment itself holds is free for it', () => {
    expect(judgeNames(own, [claim({ [LABELS.id]: 'e1' }, true)])).toHaveProperty('note');
    expect(judgeNames(own, [claim({ [LABELS.owner]: 'here:7233/default' }, true)])).toHaveProperty('note');
  });

  it('that anything else holds is refused, whoever made it', () => {
    const taken = { ...claim({}), isNeeded: true };
    const told = (more: Labels): string => {
      const found = judgeNames(own, [{ ...taken, labels: more }]);
      return 'problem' in found ? found.problem : 'none';
    };
    expect(told({})).toContain('which Spillway did not make');
    expect(told({ ...labels({ [LABELS.id]: 'e1' }), [LABELS.app]: 'other' })).toContain('of other in production');
  });
});

it('belongs to an environment only what has all of its labels', () => {
  const own = { ...scope, owner: { id: 'e1', formerly: ['here:7233/default'] } };
  expect(isOwn(labels({ [LABELS.id]: 'e1' }), own)).toBe(true);
  expect(isOwn(labels({ [LABELS.owner]: 'here:7233/default' }), own)).toBe(true);
  expect(isOwn(labels({ [LABELS.owner]: 'there:7233/default' }), own)).toBe(false);
  // An id counts for more than what was written before there were ids.
  expect(isOwn(labels({ [LABELS.id]: 'e2', [LABELS.owner]: 'here:7233/default' }), own)).toBe(false);
  expect(isOwn(labels({}), own)).toBe(false);
  expect(isOwn({ ...labels({ [LABELS.id]: 'e1' }), [LABELS.environment]: 'staging' }, own)).toBe(false);
  expect(isOwn({}, own)).toBe(false);
});
