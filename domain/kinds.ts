import { titleOfMigration } from './migration';
import type { Live, ReleaseRef, Scope } from './release';
import type { ReleaseRequest, Request, RequestKind } from './request';

interface Known {
  live: Live | null;
  unread?: string;
}

interface Kind<R extends Request> {
  workflow: string;
  update: string;
  noun: string;
  /** `Releasing`, before its title. */
  doing: string;
  /** `is releasing shop 1.4.0 to production`, after a name. */
  does(title: string, scope: Scope): string;
  /** `release of shop 1.4.0 to production` */
  named(title: string, scope: Scope): string;
  title(request: R): string;
  /** Answers undefined when it can begin. */
  refusal(request: R, known: Known): string | undefined;
  /** Says why one that cannot go on is not ended; absent when it is ended after the guard time. */
  spared?: string;
  /** What a person must do when one was terminated; absent where the target is put right instead. */
  afterTermination?: string;
}

export const KINDS: { readonly [K in RequestKind]: Kind<Extract<Request, { kind: K }>> } = {
  release: {
    workflow: 'release',
    update: 'release',
    noun: 'release',
    doing: 'Releasing',
    does: (title, { app, environment }) => `is releasing ${app} ${title} to ${environment}`,
    named: (title, { app, environment }) => `release of ${app} ${title} to ${environment}`,
    title: ({ version }) => version,
    // Preflight reports an unreadable live version, and says it better.
    refusal: refuseLiveVersion,
  },
  migration: {
    workflow: 'migration',
    update: 'migrate',
    noun: 'migration',
    doing: 'Migrating',
    does: (title, { app, environment }) => `is migrating ${app} in ${environment} (${title})`,
    named: (title, { app, environment }) => `migration (${title}) of ${app} in ${environment}`,
    title: ({ action }) => titleOfMigration(action),
    refusal: (_request, known) => refuseUnknownLive(known),
    spared: 'a migration has no traffic to give back',
  },
  removal: {
    workflow: 'removal',
    update: 'remove',
    noun: 'removal',
    doing: 'Removing',
    does: (_title, { app, environment }) => `is removing ${app} from ${environment}`,
    named: (_title, { app, environment }) => `removal of ${app} from ${environment}`,
    title: () => 'remove',
    // It is also for what nobody can read any more.
    refusal: () => undefined,
    spared: 'a removal goes on where it stopped',
    afterTermination:
      'ask for the removal again (`spillway environment remove`), which goes on where it stopped, or release',
  },
};

export function titleOf(request: Request): string {
  return rowOf(request).title(request);
}

export function kindRefusal(request: Request, known: Known): string | undefined {
  return rowOf(request).refusal(request, known);
}

function rowOf<R extends Request>({ kind }: R): Kind<R> {
  // TypeScript does not see that the row of a kind takes the requests of that kind.
  return KINDS[kind] as unknown as Kind<R>;
}

/** A release has its version in `version`; other requests have their title there. */
export function refOf(request: Request): ReleaseRef {
  const { app, environment, id } = request;
  return { app, environment, id, version: titleOf(request) };
}

/** Older versions had no kinds, only titles. */
export function kindOf({ kind, release }: { kind?: RequestKind; release: Pick<ReleaseRef, 'version'> }): RequestKind {
  return kind ?? (/^migrate (up|down|baseline)/.test(release.version) ? 'migration' : 'release');
}

interface Current {
  kind?: RequestKind;
  version: string;
  who: string;
  /** Milliseconds since the epoch. */
  since: number;
}

/** Says who has the environment, to somebody who asks for something else. */
export function busyText({ kind, who, version, since }: Current, scope: Scope): string {
  const { does } = KINDS[kindOf({ kind, release: { version } })];
  return `${who} ${does(version, scope)} since ${new Date(since).toISOString()}; wait, or abort it`;
}

/** A newer command may ask an older worker. */
export function unknownKind({ kind }: { kind: string }): string | undefined {
  if (Object.hasOwn(KINDS, kind)) return undefined;
  return `expected a request of one of these kinds: ${Object.keys(KINDS).join(', ')}, seen ${kind}: update the worker`;
}

function refuseLiveVersion(
  { app, environment, version, options }: ReleaseRequest,
  { live }: Known,
): string | undefined {
  if (live?.version !== version || options.again || options.testOnly) return undefined;
  return (
    `${app} ${version} is live in ${environment} already: release another version, ` +
    'or the same with --again if it serves no more, or its configuration or secrets changed'
  );
}

/** Otherwise the ledger would say that nothing is live. */
function refuseUnknownLive({ unread }: Known): string | undefined {
  return unread === undefined ? undefined : `expected to read what is live from the ledger, seen: ${unread}`;
}
