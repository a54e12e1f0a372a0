import type { AppConfig } from './config';
import type { MigrationAction } from './migration';
import type { ReleaseRef } from './release';

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

/** What a starter asks of an environment. */
export interface ReleaseRequest extends ReleaseRef {
  config: AppConfig;
  /** Absolute folder of `spillway.yaml`, as the worker sees it; relative paths start here. */
  projectDirectory: string;
  options: ReleaseOptions;
  who: string;
  note: string;
  git?: GitState;
  /** Milliseconds since the epoch. */
  requestedAt: number;
  /** When nobody waits for an answer any more, ms since the epoch by the asking machine: it is not begun after that. */
  notAfter?: number;
}

export interface GitState {
  commit: string;
  branch: string;
  dirty: boolean;
}

/** A migration by hand, asked for like a release; its `id` and `version` name it wherever a release would be named. */
export interface MigrationRequest extends ReleaseRequest {
  action: MigrationAction;
}
