import { LABELS } from './names';
import type { Finding } from './preflight';
import type { Scope } from './release';

/* Names prove nothing, since anybody may take them; only all labels together do. */

export interface Owner {
  /** Stays the same whichever Temporal releases here. */
  id: string;
  /** Older versions wrote these in `spillway.owner` instead of an id; containers keep their labels for life. */
  formerly: string[];
}

export type Owned<T extends Scope = Scope> = T & { owner: Owner };

export interface EnvironmentDocument extends Owner {
  /** The address and namespace of the Temporal that releases here; another may adopt the environment. */
  temporal: string;
  /** An ISO time. */
  since: string;
}

export type Labels = Record<string, string | undefined>;

/** Something with the environment's labels, or with a name that its next release needs. */
export interface Claim {
  kind: string;
  name: string;
  labels: Labels;
  isNeeded: boolean;
  commands: { rename: string; list: string };
}

export function isOwn(labels: Labels, scope: Owned): boolean {
  if (!isLabelled(labels, scope)) return false;
  const id = labels[LABELS.id];
  return id === undefined ? scope.owner.formerly.includes(labels[LABELS.owner] ?? '') : id === scope.owner.id;
}

function isLabelled(labels: Labels, { app, environment }: Scope): boolean {
  return labels[LABELS.app] === app && labels[LABELS.environment] === environment;
}

export interface Seen {
  scope: Scope;
  /** Undefined when the environment is new, an older version made it, or its folder was lost. */
  document: EnvironmentDocument | undefined;
  claims: Claim[];
  temporal: string;
}

/** `owner` is set only when the asking Temporal may release here. */
type Ownership = { owner: Owner; note: string } | { problem: string };

/** Judges whether this Temporal may release here; `newId` is for an environment without an id. */
export function judgeOwnership(seen: Seen, newId: string): Ownership {
  const { scope, document, temporal } = seen;
  if (document && document.temporal !== temporal) return { problem: adoptFirst(scope, temporal, document.temporal) };
  const found = document ?? recovered(seen, newId);
  if ('problem' in found) return found;
  const { id, formerly } = found;
  const owner = { id, formerly };
  const foreign = strangers({ ...scope, owner }, seen.claims);
  if (foreign) return { problem: foreign };
  return { owner, note: document ? `released by ${temporal}` : `becomes an environment of ${temporal}` };
}

/** Finds the owner by labels; the ledger proves nothing, since any Temporal can read it. */
function recovered({ scope, claims, temporal }: Seen, newId: string): Owner | { problem: string } {
  const labelled = claims.filter(({ labels }) => isLabelled(labels, scope)).map(({ labels }) => labels);
  const ids = distinct(labelled.map((labels) => labels[LABELS.id]));
  if (ids.length > 1) return { problem: severalIds(scope, ids, claims) };
  if (ids.length > 0) return { problem: adoptFirst(scope, temporal, `environment ${ids[0]}`) };
  const formerly = earlierOwners(labelled);
  const others = formerly.filter((owner) => owner !== temporal);
  return others.length > 0 ? { problem: adoptFirst(scope, temporal, others.join(', ')) } : { id: newId, formerly };
}

function earlierOwners(labelled: Labels[]): string[] {
  return distinct(labelled.filter((labels) => !labels[LABELS.id]).map((labels) => labels[LABELS.owner]));
}

/** Finds the owner for a Temporal that adopts; only a person can separate environments that are mixed. */
export function adoptable({ scope, document, claims }: Seen, newId: string): Owner | { problem: string } {
  const labelled = claims.filter(({ labels }) => isLabelled(labels, scope)).map(({ labels }) => labels);
  const ids = distinct([document?.id, ...labelled.map((labels) => labels[LABELS.id])]);
  if (ids.length > 1) return { problem: severalIds(scope, ids, claims) };
  const formerly = distinct([...(document?.formerly ?? []), ...earlierOwners(labelled)]);
  return { id: ids[0] ?? newId, formerly };
}

export function judgeNames(scope: Owned, claims: Claim[]): Finding {
  const taken = claims.filter(({ isNeeded, labels }) => isNeeded && !isOwn(labels, scope));
  if (taken.length === 0) return { note: 'every name that is needed is free' };
  return {
    problem:
      `expected the names that ${scope.app} needs in ${scope.environment} to be free, seen ${taken.map(described).join(', ')}: ` +
      `rename or remove that if nobody needs it (\`${taken[0]!.commands.rename}\`); nothing was changed`,
  };
}

function strangers(scope: Owned, claims: Claim[]): string | undefined {
  const foreign = claims.filter(({ labels }) => isLabelled(labels, scope) && !isOwn(labels, scope));
  if (foreign.length === 0) return undefined;
  return (
    `expected all that has the labels of ${scope.app} in ${scope.environment} to belong to environment ${scope.owner.id}, ` +
    `seen ${foreign.map(described).join(', ')}: another Spillway made it under the same names. Release from there, give this ` +
    'app or environment another name, or remove it if nobody needs it; nothing was changed'
  );
}

function described({ kind, name, labels }: Claim): string {
  const { [LABELS.app]: app, [LABELS.environment]: environment, [LABELS.id]: id, [LABELS.owner]: owner } = labels;
  if (!app || !environment) return `${kind} ${name}, which Spillway did not make`;
  return `${kind} ${name} of ${app} in ${environment} (${id ? `environment ${id}` : (owner ?? 'nobody')})`;
}

function adoptFirst({ app, environment }: Scope, temporal: string, other: string): string {
  return (
    `expected ${app} in ${environment} to be released by ${temporal}, seen that it belongs to ${other}: release from there, ` +
    `or run \`spillway adopt -e ${environment}\` if that Temporal is gone or releases here no more; nothing was changed`
  );
}

function severalIds({ app, environment }: Scope, ids: string[], [claim]: Claim[]): string {
  const how = claim ? ` (\`${claim.commands.list}\`)` : '';
  return (
    `expected one environment ${environment} of ${app} on the target, seen ${ids.length} of that name (${ids.join(', ')}): ` +
    `remove what nobody needs${how}; nothing was changed`
  );
}

function distinct(values: (string | undefined)[]): string[] {
  return [...new Set(values.filter((value) => value !== undefined))].sort();
}
