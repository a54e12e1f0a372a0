import type { Io } from '../../domain/host';
import type { Owned } from '../../domain/ownership';
import type { Finding } from '../../domain/preflight';
import type { ReleaseRef } from '../../domain/release';
import type { OpenParts } from '../io';
import type { Parts } from '../parts';
import type { Activities, PreflightCheck } from '../steps';

export type PreflightInput = Parameters<Activities['preflight']>[0];
/** Tries one thing, and tells what came of it under this name. */
export type Check = (name: string, body: (io: Io) => Promise<Finding>) => Promise<PreflightCheck>;

/** What the checks share. */
export interface Preflight extends OpenParts {
  input: PreflightInput;
  parts: Parts;
  check: Check;
}

/** The same where the environment is known to be this Temporal's. */
export interface OwnPreflight extends Preflight {
  release: Owned<ReleaseRef>;
}
