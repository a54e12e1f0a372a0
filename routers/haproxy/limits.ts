import { ConfigurationFailure } from '../../domain/failures';
import type { Host, Io } from '../../domain/host';
import type { WireLimits } from '../../domain/router';
import { scopeKey } from '../on-host/fragments';
import { limitsOf } from '../on-host/limits';
import type { HaproxyFragment } from './config';

/** Bytes that HAProxy keeps free in a buffer, and those of headers that are added. */
const SPARE = 4_096;
/** A parsed header takes a few bytes more than it has on the wire. */
const PER_HEADER = 8;
/** Headers that are added, and lines that count as one. */
const MORE_HEADERS = 24;

/** A head must fit into one buffer. */
function settings({ requestHead, answerHead, headers }: WireLimits): [name: string, value: number][] {
  return [
    ['tune.bufsize', Math.max(requestHead, answerHead) + headers * PER_HEADER + SPARE],
    ['tune.http.maxhdr', headers + MORE_HEADERS],
  ];
}

export function renderLimits(limits: WireLimits): string {
  return settings(limits)
    .map(([name, value]) => `  ${name} ${value}\n`)
    .join('');
}

/** @throws ConfigurationFailure when an error page would not fit into a buffer, in which Spillway's own HAProxy keeps it */
export function refuseLargePages(fragments: HaproxyFragment[]): void {
  const { requestHead, answerHead } = limitsOf(fragments);
  const room = Math.max(requestHead, answerHead);
  for (const { routing, errorPage = '' } of fragments) {
    const size = Buffer.byteLength(errorPage);
    if (size <= room) continue;
    throw new ConfigurationFailure(
      `expected an error page of at most ${room} bytes for ${scopeKey(routing.scope)}, because HAProxy keeps it in a buffer, seen ${size}; ` +
        'make it smaller, or `router.limits.answerHead` larger',
    );
  }
}

/** What HAProxy does where its configuration says nothing. */
const UNSAID: Record<string, number> = { 'tune.bufsize': 16_384, 'tune.http.maxhdr': 101 };

/** Says which settings an attached HAProxy lacks; undefined when it has all. */
export async function missingLimits(
  host: Host,
  { masterPid, files, limits }: { masterPid: number; files: string[]; limits: WireLimits },
  io: Io,
): Promise<string | undefined> {
  const script = 'cd "/proc/$0/cwd" && grep -rhE "^[[:space:]]*tune[.](bufsize|http[.]maxhdr)[[:space:]]" "$@"';
  const { stdout } = await host.run(['sh', '-c', script, String(masterPid), ...files], io);
  const said = Object.fromEntries(stdout.split('\n').map((line) => line.trim().split(/\s+/) as [string, string?]));
  const missing = settings(limits).filter(([name, value]) => Number(said[name] ?? UNSAID[name]) < value);
  if (missing.length === 0) return undefined;
  const seen = missing.map(([name]) => `\`${name} ${said[name] ?? UNSAID[name]}\``).join(' and ');
  const wanted = missing.map(([name, value]) => `\`${name} ${value}\``).join(' and ');
  return `expected room for the heads that router.limits allows, seen ${seen}: set ${wanted} in its global section and restart it, or it refuses larger ones`;
}
