import { messageOf, SpillwayFailure } from '../../domain/failures';
import { EXIT, reportOf } from '../exit-codes';
import { temporal } from '../temporal-client';

/** Spillway cannot do now what was asked, as when another release runs. Exit code 1. */
export class RefusedFailure extends SpillwayFailure {}

/** Answers what to throw when a workflow failed in what was `expected`; what Spillway raised has its own exit code. */
export function asRefusal(expected: string, error: unknown): unknown {
  if (!(error instanceof temporal().WorkflowFailedError) || reportOf(error).exitCode !== EXIT.bug) return error;
  return new RefusedFailure(`expected ${expected}, seen: ${messageOf(error)}`, { cause: error });
}
