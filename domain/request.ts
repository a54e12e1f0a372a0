import type { AppConfig } from './config';
import type { MigrationAction } from './migration';
import type { PinnedImage, Scope } from './release';

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

export type Request = ReleaseRequest | MigrationRequest;
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
