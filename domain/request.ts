import type { AppConfig } from './config';
import type { MigrationAction } from './migration';
import type { PinnedImage, Scope } from './release';
import type { RemovalOptions } from './removal';

interface Common extends Scope {
  /** Unique for ever, sorts by time: `20261121-101500-1.2.3-k3v9`. */
  id: string;
  config: AppConfig;
  /** The folder of `spillway.yaml`, as the worker sees it; relative paths start here. */
  projectDirectory: string;
  who: string;
  note: string;
  /** In milliseconds since the epoch. */
  requestedAt: number;
  /** In ms since the epoch, by the asking machine: nobody waits longer, so the request must not begin later. */
  notAfter?: number;
}

export interface ReleaseOptions {
  skipBuild: boolean;
  /** Stops after the image checks; deploys nothing. */
  testOnly: boolean;
  /** On failure traffic goes back, but the failed slot stays for inspection. */
  noRollback: boolean;
  again: boolean;
}

export interface GitState {
  commit: string;
  branch: string;
  dirty: boolean;
}

export interface ReleaseRequest extends Common {
  kind: 'release';
  version: string;
  options: ReleaseOptions;
  git?: GitState;
  /** Releases these, one for each service; nothing is built, and no tag is resolved. */
  images?: PinnedImage[];
}

export interface MigrationRequest extends Common {
  kind: 'migration';
  action: MigrationAction;
}

/** Takes the environment off its target. */
export interface RemovalRequest extends Common {
  kind: 'removal';
  options: RemovalOptions;
}

export type Request = ReleaseRequest | MigrationRequest | RemovalRequest;
export type RequestKind = Request['kind'];

/** Before kinds, a migration was a release with an action, and its title was the version. */
export type OldRequest = Omit<ReleaseRequest, 'kind' | 'images'> & { action?: MigrationAction };

/** Workflows start with this, since an older version may have asked. */
export function asRequest<R extends Request>(given: R | OldRequest): R {
  return ('kind' in given ? given : withKind(given)) as R;
}

function withKind(old: OldRequest): Request {
  return old.action ? migrationOf(old, old.action) : { kind: 'release', ...old };
}

function migrationOf(
  { version: _title, options: _none, git: _never, ...asked }: OldRequest,
  action: MigrationAction,
): MigrationRequest {
  return { kind: 'migration', ...asked, action };
}

/**
 * Why something that was sent to an environment is no request of it; undefined when it is one. Anybody may send anything
 * from the Web UI, and what the workflow cannot read would park it.
 */
export function requestMistake(given: unknown, scope: Scope): string | undefined {
  if (!isMapping(given)) return `expected a request, seen ${typeOf(given)}: ask with \`spillway release\``;
  const texts = ['id', 'who', 'note', 'projectDirectory'].filter((key) => typeof given[key] !== 'string');
  const missing = [...texts, ...(isMapping(given.config) ? [] : ['config']), ...lackOf(given)];
  if (missing.length > 0 || given.id === '')
    return `expected a request with ${missing.join(', ') || 'an id'}, seen none: ask with \`spillway release\``;
  if (given.app === scope.app && given.environment === scope.environment) return undefined;
  return (
    `expected a request for ${scope.app} in ${scope.environment}, seen one for ${String(given.app)} in ` +
    `${String(given.environment)}: ask the environment of that app`
  );
}

/** Lists what a request of its kind must have. Another place judges which kinds there are. */
function lackOf({ kind, version, options, action }: Record<string, unknown>): string[] {
  if (kind === 'migration' || (kind === undefined && action !== undefined)) return isChange(action) ? [] : ['action'];
  const withoutOptions = isMapping(options) ? [] : ['options'];
  if (kind === 'removal') return withoutOptions;
  if (kind !== undefined && kind !== 'release') return [];
  return [...(typeof version === 'string' ? [] : ['version']), ...withoutOptions];
}

/** A look at the migrations needs no environment. */
function isChange(action: unknown): boolean {
  if (!isMapping(action)) return false;
  return action.kind === 'up' || action.kind === 'baseline' || (action.kind === 'down' && isMapping(action.choice));
}

function isMapping(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function typeOf(value: unknown): string {
  if (value === undefined || value === null) return 'nothing';
  return Array.isArray(value) ? 'a list' : `a ${typeof value}`;
}
