import { MigrationFailure, UnreachableFailure } from '../domain/failures';
import type { Io } from '../domain/host';
import type { DatabaseContext } from './database';
import { runProgram } from './run-program';

/** The team's own check of a database. */
interface Verification {
  argv: string[] | undefined;
  /** Milliseconds. */
  limit: number;
  context: Pick<DatabaseContext, 'projectDirectory' | 'redact'>;
  /** The whole environment of the program. */
  env: NodeJS.ProcessEnv;
}

/**
 * Runs the verification command, when there is one.
 *
 * @throws MigrationFailure when it says no, or takes too long.
 */
export async function verifyDatabase({ argv, limit, context, env }: Verification, io: Io): Promise<void> {
  if (!argv) return;
  io.onProgress(`running ${argv.join(' ')}`);
  const { projectDirectory: cwd, redact } = context;
  const result = await runProgram({ argv, cwd, env, limit, io }).catch((error: unknown) => {
    // Too slow is a verdict on the migration, not a reason to ask again.
    throw error instanceof UnreachableFailure ? new MigrationFailure(redact(error.message)) : error;
  });
  if (result.exitCode === 0) return;
  const said = redact(`${result.stdout}\n${result.stderr}`).trim().slice(-2_000) || 'nothing';
  throw new MigrationFailure(
    `expected database.verify (${argv.join(' ')}) to exit with 0 after the migrations, seen ${result.exitCode}. ` +
      `It said: ${said}`,
  );
}
