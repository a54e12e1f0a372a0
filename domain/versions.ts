import semver from 'semver';

/** Which part of a version is raised. */
export const BUMPS = ['patch', 'minor', 'major', 'prerelease'] as const;
export type Bump = (typeof BUMPS)[number];

/** Why this is no version that Spillway releases; undefined when it is one. */
export function versionMistake(text: string): string | undefined {
  const right = 'expected a version such as 1.4.0 or 2.0.0-rc.1';
  if (text.trim() === '') return `${right}, seen nothing`;
  if (text !== text.trim() || /\s/.test(text)) return `${right} without blanks, seen ${JSON.stringify(text)}`;
  if (/^[v=]/i.test(text)) return `${right} without anything in front, seen "${text}"`;
  // A tag of an image has at most 128 letters, and a release's id holds the version too.
  if (text.length > 64) return `${right} of at most 64 letters, seen ${text.length}`;
  return semver.valid(text) === null ? `${right}, seen "${text}"` : undefined;
}

/** Whether this is a version that Spillway releases: strictly `x.y.z`, with a suffix or without. */
export function isVersion(text: string): boolean {
  return versionMistake(text) === undefined;
}

/**
 * The version after this one. `prerelease` counts a suffix on (1.2.0-rc.1 to 1.2.0-rc.2), or begins one for the next
 * patch (1.2.0 to 1.2.1-rc.0); `patch`, `minor` and `major` of a version with a suffix complete what it was leading to.
 *
 * @param version one for which `isVersion` is true
 * @param preid name of the suffix, such as `rc`; only for `prerelease`
 */
export function nextVersion(version: string, bump: Bump, preid?: string): string {
  const next = preid === undefined ? semver.inc(version, bump) : semver.inc(version, bump, preid);
  // Both were checked before, so this is a mistake in Spillway.
  if (next === null) throw new Error(`expected a ${bump} after "${version}", seen none in semver`);
  return next;
}

/** Why this may not name a suffix; undefined when it may. */
export function preidMistake(preid: string): string | undefined {
  return /^[0-9A-Za-z-]*[A-Za-z-][0-9A-Za-z-]*$/.test(preid)
    ? undefined
    : `expected letters, digits and dashes such as rc, seen "${preid}"`;
}

/** Below zero when the first version comes before the second, by the rules of semver; 0 when they are equal. */
export function compareVersions(one: string, other: string): number {
  return semver.compare(one, other);
}

/** The tag that marks a version in git. */
export function gitTag(version: string): string {
  return `v${version}`;
}
