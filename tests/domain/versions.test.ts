import { compareVersions, isVersion, nextVersion, preidMistake, versionMistake } from '../../domain/versions';

describe('versions (V1)', () => {
  test.each(['0.0.1', '1.2.3', '10.20.30', '1.2.3-rc.1', '1.2.3-dev-20261121', '1.0.0+build.5'])(
    '%s is one',
    (version) => expect(versionMistake(version)).toBeUndefined(),
  );

  test.each([
    ['', 'expected a version such as 1.4.0 or 2.0.0-rc.1, seen nothing'],
    ['   ', 'expected a version such as 1.4.0 or 2.0.0-rc.1, seen nothing'],
    ['v1.2.3', 'expected a version such as 1.4.0 or 2.0.0-rc.1 without anything in front, seen "v1.2.3"'],
    ['=1.2.3', 'expected a version such as 1.4.0 or 2.0.0-rc.1 without anything in front, seen "=1.2.3"'],
    ['v1.2', 'expected a version such as 1.4.0 or 2.0.0-rc.1 without anything in front, seen "v1.2"'],
    [' 1.2.3', 'expected a version such as 1.4.0 or 2.0.0-rc.1 without blanks, seen " 1.2.3"'],
    ['1.2.3\n', 'expected a version such as 1.4.0 or 2.0.0-rc.1 without blanks, seen "1.2.3\\n"'],
    ['1.2. 3', 'expected a version such as 1.4.0 or 2.0.0-rc.1 without blanks, seen "1.2. 3"'],
    ['1', 'expected a version such as 1.4.0 or 2.0.0-rc.1, seen "1"'],
    ['1.2', 'expected a version such as 1.4.0 or 2.0.0-rc.1, seen "1.2"'],
    ['1.2.3.4', 'expected a version such as 1.4.0 or 2.0.0-rc.1, seen "1.2.3.4"'],
    ['01.2.3', 'expected a version such as 1.4.0 or 2.0.0-rc.1, seen "01.2.3"'],
    ['1.2.3-', 'expected a version such as 1.4.0 or 2.0.0-rc.1, seen "1.2.3-"'],
    ['1.2.3-01', 'expected a version such as 1.4.0 or 2.0.0-rc.1, seen "1.2.3-01"'],
    ['1.2.3_rc', 'expected a version such as 1.4.0 or 2.0.0-rc.1, seen "1.2.3_rc"'],
    ['latest', 'expected a version such as 1.4.0 or 2.0.0-rc.1, seen "latest"'],
    ['1.2.3-$(id)', 'expected a version such as 1.4.0 or 2.0.0-rc.1, seen "1.2.3-$(id)"'],
    [`1.2.3-${'a'.repeat(80)}`, 'expected a version such as 1.4.0 or 2.0.0-rc.1 of at most 64 letters, seen 86'],
  ])('%j is none, and it says why [proves V1]', (text, mistake) => {
    expect(versionMistake(text)).toBe(mistake);
    expect(isVersion(text)).toBe(false);
  });

  test.each([
    ['1.2.3', 'patch', undefined, '1.2.4'],
    ['1.2.3', 'minor', undefined, '1.3.0'],
    ['1.2.3', 'major', undefined, '2.0.0'],
    ['1.2.3', 'prerelease', undefined, '1.2.4-0'],
    ['1.2.3', 'prerelease', 'rc', '1.2.4-rc.0'],
    ['1.2.4-rc.0', 'prerelease', 'rc', '1.2.4-rc.1'],
    ['1.2.4-rc.1', 'prerelease', undefined, '1.2.4-rc.2'],
    ['1.2.4-beta.3', 'prerelease', 'rc', '1.2.4-rc.0'],
    ['1.2.4-rc.1', 'patch', undefined, '1.2.4'],
    ['2.0.0-rc.1', 'major', undefined, '2.0.0'],
  ] as const)('after %s comes, by %s %s, %s', (version, bump, preid, next) => {
    expect(nextVersion(version, bump, preid)).toBe(next);
  });

  test('come in the order of semver, not of the alphabet [proves V1]', () => {
    const order = ['1.9.0', '1.10.0-rc.2', '1.10.0-rc.10', '1.10.0'];
    expect([...order].reverse().sort(compareVersions)).toEqual(order);
  });

  test('have suffixes of letters, digits and dashes', () => {
    expect(preidMistake('rc')).toBeUndefined();
    expect(preidMistake('dev-20261121')).toBeUndefined();
    for (const wrong of ['', '1', 'r c', 'rc.1', 'ü']) expect(preidMistake(wrong)).toContain(`seen "${wrong}"`);
  });
});
