import type { AppConfig } from './config';
import type { MigrationAction } from './migration';
import type { PinnedImage, Scope } from './release';

/** What every request says, whatever is asked for. */
interface Common extends Scope {
  /** Unique for ever, sorts by time: `20261121-101500-1.2.3-k3v9`. */
  id: string;
  config: AppConfig;
  /** Absolute folder of `spillway.yaml`, as the worker sees it; relative paths start here. */
  projectDirectory: string;
  who: string;
  note: string;
  /** Milliseconds since the epoch. */
  requestedAt: number;
  /** When nobody waits for an answer any more, ms since the epoch by the asking machine: it is not begun after that. */
  notAfter?: number;
}

/** What the release was asked to do differently from the configuration. */
export interface ReleaseOptions {
  skipBuild: boolean;
  /** Preflight, build and image checks only; deploys nothing. */
  testOnly: boolean;
  /** On failure traffic goes back, but the failed slot is kept for inspection. */
  noRollback: boolean;
  /** Release the live version again, because its configuration or secrets changed. */
  again: boolean;
}

export interface GitState {
  commit: string;
  branch: string;
  dirty: boolean;
}

/** Brings a version to an environment. */
export interface ReleaseRequest extends Common {
  kind: 'release';
  version: string;
  options: ReleaseOptions;
  git?: GitState;
  /** Exactly these, one for each service, are released: nothing is built, and no tag is asked what it stands for. */
  images?: PinnedImage[];
}

/** Migrates the database of an environment by hand. */
export interface MigrationRequest extends Common {
  kind: 'migration';
  action: MigrationAction;
}

/** What an environment may be asked for. */
export type Request = ReleaseRequest | MigrationRequest;
export type RequestKind = Request['kind'];

/** A request of a Spillway before kinds: there a migration was a release with an action, and its title was its version. */
export type OldRequest = Omit<ReleaseRequest, 'kind' | 'images'> & { action?: MigrationAction };

/** A request as this Spillway knows it, whichever one asked. Every workflow that is given one begins with this. */
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
