import { kindOf, KINDS, refOf, titleOf, unknownKind } from '../../domain/kinds';
import { asRequest } from '../../domain/request';
import type { MigrationRequest, OldRequest, ReleaseRequest } from '../../domain/request';

const asked = { app: 'shop', environment: 'production', id: 'r1', who: 'alice', note: '', requestedAt: 1 };
const old = {
  ...asked,
  version: '1.1.0',
  options: { skipBuild: false, testOnly: false, noRollback: false, again: true },
  config: {},
  projectDirectory: '/project',
} as unknown as OldRequest;
const oldMigration: OldRequest = { ...old, version: 'migrate up', action: { kind: 'up' } };

describe('a request of an older command', () => {
  test('without an action is a release', () => {
    expect(asRequest<ReleaseRequest>(old)).toEqual({ ...old, kind: 'release' });
  });

  test('with an action is a migration, without what means nothing to one', () => {
    const { config, projectDirectory } = old;
    const migration = { ...asked, config, projectDirectory, kind: 'migration', action: { kind: 'up' } };
    expect(asRequest<MigrationRequest>(oldMigration)).toEqual(migration);
  });
});

test('a request that says its kind is left as it is', () => {
  const request = asRequest<ReleaseRequest>(old);
  expect(asRequest(request)).toBe(request);
});

test('a release is called by its version, a migration by what it does, wherever a request is named', () => {
  expect(titleOf(asRequest(old))).toBe('1.1.0');
  const { app, environment, id } = asked;
  expect(refOf(asRequest(oldMigration))).toEqual({ app, environment, id, version: 'migrate up' });
});

test.each([
  [{ kind: 'migration' as const, release: { version: 'migrate up' } }, 'migration'],
  [{ release: { version: 'migrate down to 002_total' } }, 'migration'],
  [{ release: { version: '1.1.0' } }, 'release'],
  [{ release: { version: '2.0.0-migrate.1' } }, 'release'],
])('what is remembered as %j was a %s', (remembered, kind) => expect(kindOf(remembered)).toBe(kind));

test('a kind that a newer command asks for is refused with a way out', () => {
  expect(unknownKind({ kind: 'release' })).toBeUndefined();
  expect(unknownKind({ kind: 'rotation' })).toBe(
    'expected a request of one of these kinds: release, migration, removal, seen rotation: update the worker',
  );
});

test('no two kinds share a workflow or an update, by which their environment would take one for the other', () => {
  const rows = Object.values(KINDS);
  expect(new Set(rows.map(({ workflow }) => workflow)).size).toBe(rows.length);
  expect(new Set(rows.map(({ update }) => update)).size).toBe(rows.length);
});
