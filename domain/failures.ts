/** Messages say what was expected and seen, and what to do. Temporal gets the class name as `type`: never minify it. */
export class SpillwayFailure extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = this.constructor.name;
  }
}

/** Exit code 64. */
export class ConfigurationFailure extends SpillwayFailure {}
/** Exit code 69. */
export class UnreachableFailure extends SpillwayFailure {}
export class PreflightFailure extends SpillwayFailure {}
export class ImageFailure extends SpillwayFailure {}
export class UnhealthyFailure extends SpillwayFailure {}
export class SmokeFailure extends SpillwayFailure {}
export class RouterFailure extends SpillwayFailure {}
export class MigrationFailure extends SpillwayFailure {}
export class BackupFailure extends SpillwayFailure {}
/** A late or frozen worker ran a step of a release that is over. */
export class OutdatedFailure extends SpillwayFailure {}

/** Another try cannot help after these; workflows pass the list to Temporal. */
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

/** Temporal wraps failures of steps, so this unwraps them. */
export function messageOf(error: unknown): string {
  let innermost = error;
  while (innermost instanceof Error && innermost.cause instanceof Error) innermost = innermost.cause;
  return (innermost instanceof Error ? innermost.message : String(innermost)).slice(0, 10_000);
}
