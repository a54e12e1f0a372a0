import type { Io } from '../../domain/host';
import type { Owned } from '../../domain/ownership';
import type { Finding } from '../../domain/preflight';
import type { ReleaseRef } from '../../domain/release';
import type { OpenParts } from '../io';
import type { Parts } from '../parts';
import type { Activities, PreflightCheck } from '../steps';

export type PreflightInput = Parameters<Activities['preflight']>[0];
export type Check = (name: string, body: (io: Io) => Promise<Finding>) => Promise<PreflightCheck>;

export interface Preflight extends OpenParts {
  input: PreflightInput;
  parts: Parts;
  check: Check;
}

export interface OwnPreflight extends Preflight {
  release: Owned<ReleaseRef>;
}
