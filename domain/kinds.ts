import { titleOfMigration } from './migration';
import type { Live, ReleaseRef, Scope } from './release';
import type { ReleaseRequest, Request, RequestKind } from './request';

/** What is known of an environment when it is asked for something. */
interface Known {
  live: Live | null;
  /** Why nobody could read what is live. */
  unread?: string;
}

/** What an environment, and whoever shows it, must know of a kind of request. */
interface Kind<R extends Request> {
  /** Type of its workflow. */
  workflow: string;
  /** The update by which an environment is asked for it. */
  update: string;
  /** `release`: what one of them is called. */
  noun: string;
  /** `Releasing`, before its title. */
  doing: string;
  /** `is releasing shop 1.4.0 to production`, after a name. */
  does(title: string, scope: Scope): string;
  /** `release of shop 1.4.0 to production`. */
  named(title: string, scope: Scope): string;
  title(request: R): string;
  /** Why it cannot begin although nothing else runs; undefined when it can. */
  refusal(request: R, known: Known): string | undefined;
  /** Why its environment does not end one that cannot go on; absent when it does, after the guard time. */
  spared?: string;
}

/** Every kind of request. */
export const KINDS: { readonly [K in RequestKind]: Kind<Extract<Request, { kind: K }>> } = {
  release: {
    workflow: 'release',
    update: 'release',
    noun: 'release',
    doing: 'Releasing',
    does: (title, { app, environment }) => `is releasing ${app} ${title} to ${environment}`,
    named: (title, { app, environment }) => `release of ${app} ${title} to ${environment}`,
    title: ({ version }) => version,
    // What cannot be read is met by the preflight of the release once more, which says it better.
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
};

/** What a person calls a request: `1.4.0`, `migrate down last`. */
export function titleOf(request: Request): string {
  return rowOf(request).title(request);
}

/** Why a request cannot begin although nothing else runs; undefined when it can. */
export function kindRefusal(request: Request, known: Known): string | undefined {
  return rowOf(request).refusal(request, known);
}

function rowOf<R extends Request>({ kind }: R): Kind<R> {
  // TypeScript does not see that the row of a kind takes the requests of that kind.
  return KINDS[kind] as unknown as Kind<R>;
}

/** How steps, the ledger and commands name a request; where a release has its version, any other has its title. */
export function refOf(request: Request): ReleaseRef {
  const { app, environment, id } = request;
  return { app, environment, id, version: titleOf(request) };
}

/** What was asked for, of something that runs or is remembered. An older Spillway said so by its title alone. */
export function kindOf({ kind, release }: { kind?: RequestKind; release: Pick<ReleaseRef, 'version'> }): RequestKind {
  return kind ?? (/^migrate (up|down)/.test(release.version) ? 'migration' : 'release');
}

/** Why a kind is not served that this Spillway does not know: a newer command may ask an older worker. */
export function unknownKind({ kind }: { kind: string }): string | undefined {
  if (Object.hasOwn(KINDS, kind)) return undefined;
  return `expected a request of the kind ${Object.keys(KINDS).join(' or ')}, seen ${kind}: update the worker`;
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

/** It would be remembered with nothing live. */
function refuseUnknownLive({ unread }: Known): string | undefined {
  return unread === undefined ? undefined : `expected to read what is live from the ledger, seen: ${unread}`;
}
