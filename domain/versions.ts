import semver from 'semver';

export const BUMPS = ['patch', 'minor', 'major', 'prerelease'] as const;
export type Bump = (typeof BUMPS)[number];

/** Answers undefined when Spillway can release this version. */
export function versionMistake(text: string): string | undefined {
  const right = 'expected a version such as 1.4.0 or 2.0.0-rc.1';
  if (text.trim() === '') return `${right}, seen nothing`;
  if (text !== text.trim() || /\s/.test(text)) return `${right} without blanks, seen ${JSON.stringify(text)}`;
  if (/^[v=]/i.test(text)) return `${right} without anything in front, seen "${text}"`;
  if (text.length > 64) return `${right} of at most 64 letters, seen ${text.length}`;
  return semver.valid(text) === null ? `${right}, seen "${text}"` : undefined;
}

export function isVersion(text: string): boolean {
  return versionMistake(text) === undefined;
}

/** With `preid` rc, `prerelease` raises 1.2.0 to 1.2.1-rc.0 and rc.1 to rc.2; `patch` raises 1.2.1-rc.0 to 1.2.1. */
export function nextVersion(version: string, bump: Bump, preid?: string): string {
  const next = preid === undefined ? semver.inc(version, bump) : semver.inc(version, bump, preid);
  if (next === null) throw new Error(`expected a ${bump} after "${version}", seen none in semver`);
  return next;
}

/** Answers undefined when it may name a suffix. */
export function preidMistake(preid: string): string | undefined {
  return /^[0-9A-Za-z-]*[A-Za-z-][0-9A-Za-z-]*$/.test(preid)
    ? undefined
    : `expected letters, digits and dashes such as rc, seen "${preid}"`;
}

/** Below zero when the first version comes first by the rules of semver; 0 when they are equal. */
export function compareVersions(one: string, other: string): number {
  return semver.compare(one, other);
}

export function gitTag(version: string): string {
  return `v${version}`;
}
