/**
 * Every failure that Spillway itself raises. A message says what was expected, what was seen and what to do next.
 * `NON_RETRYABLE` lists those for which another try cannot help; workflows hand that list to Temporal.
 * A class name is the `type` that crosses Temporal's boundary, so it is never minified.
 */
export class SpillwayFailure extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = this.constructor.name;
  }
}

/** The configuration, a flag or a file is wrong: exit code 64. */
export class ConfigurationFailure extends SpillwayFailure {}
/** Something that is needed does not answer: exit code 69. */
export class UnreachableFailure extends SpillwayFailure {}
/** A check before the release said no. */
export class PreflightFailure extends SpillwayFailure {}
/** An image cannot be built, found, or breaks the policy. */
export class ImageFailure extends SpillwayFailure {}
/** A container did not become healthy. */
export class UnhealthyFailure extends SpillwayFailure {}
/** A smoke check did not pass. */
export class SmokeFailure extends SpillwayFailure {}
/** The router did not do, or not confirm, what it was told. */
export class RouterFailure extends SpillwayFailure {}
/** A migration, its verification or its reversal failed. */
export class MigrationFailure extends SpillwayFailure {}
/** A backup could not be made, or not be read back. */
export class BackupFailure extends SpillwayFailure {}
/** A late or frozen worker's step of a release that is over. */
export class OutdatedFailure extends SpillwayFailure {}

/** Error types for which another try changes nothing. */
export const NON_RETRYABLE = [
  ConfigurationFailure,
  PreflightFailure,
  ImageFailure,
  UnhealthyFailure,
  SmokeFailure,
  MigrationFailure,
  BackupFailure,
  OutdatedFailure,
].map((failure) => failure.name);

/** The innermost message of a failure: Temporal wraps what a step raised in messages of its own. */
export function messageOf(error: unknown): string {
  let innermost = error;
  while (innermost instanceof Error && innermost.cause instanceof Error) innermost = innermost.cause;
  // Longer ones would fill the history.
  return (innermost instanceof Error ? innermost.message : String(innermost)).slice(0, 10_000);
}
