import { requestMistake } from '../../domain/request';

const scope = { app: 'shop', environment: 'production' };
const asked = { ...scope, id: 'r1', who: 'alice', note: '', projectDirectory: '/project', config: {}, requestedAt: 1 };
const release = { ...asked, kind: 'release', version: '1.1.0', options: {} };
const migration = { ...asked, kind: 'migration', action: { kind: 'down', choice: { last: true } } };
const older = { ...asked, version: '1.1.0', options: {} };

test.each([
  ['a release', release],
  ['a migration', migration],
  ['a release of an older command', older],
  ['a migration of an older command', { ...older, version: 'migrate up', action: { kind: 'up' } }],
  ['a kind that only a newer version knows', { ...asked, kind: 'rotation' }],
])('%s is a request', (_what, given) => {
  expect(requestMistake(given, scope)).toBeUndefined();
});

test.each([
  ['nothing', undefined, 'seen nothing'],
  ['a text', '1.1.0', 'seen a string'],
  ['a list', [release], 'seen a list'],
  [
    'a release without what every request has',
    { ...scope, kind: 'release' },
    'with id, who, note, projectDirectory, config',
  ],
  ['a release without a version', { ...release, version: undefined }, 'with version'],
  ['a release without options', { ...older, options: null }, 'with options'],
  ['a removal without options', { ...asked, kind: 'removal' }, 'with options'],
  ['an empty id', { ...release, id: '' }, 'with an id'],
  ['a migration without an action', { ...asked, kind: 'migration' }, 'with action'],
  ['a migration that is to be reverted without a choice', { ...migration, action: { kind: 'down' } }, 'with action'],
  ['a look at migrations', { ...migration, action: { kind: 'status' } }, 'with action'],
  ['a request for another app', { ...release, app: 'blog' }, 'for shop in production, seen one for blog in production'],
])('%s is none, and is told why', (_what, given, why) => {
  expect(requestMistake(given, scope)).toContain(why);
});
