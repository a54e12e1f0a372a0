import { MigrationFailure, UnreachableFailure } from '../domain/failures';
import type { Io } from '../domain/host';
import type { DatabaseContext } from './database';
import { runProgram } from './run-program';

interface Verification {
  argv: string[] | undefined;
  /** In milliseconds. */
  limit: number;
  context: Pick<DatabaseContext, 'projectDirectory' | 'redact'>;
  env: NodeJS.ProcessEnv;
}

/** @throws MigrationFailure when the command fails or takes too long. */
export async function verifyDatabase({ argv, limit, context, env }: Verification, io: Io): Promise<void> {
  if (!argv) return;
  io.onProgress(`running ${argv.join(' ')}`);
  const { projectDirectory: cwd, redact } = context;
  const result = await runProgram({ argv, cwd, env, limit, io }).catch((error: unknown) => {
    // A command that was too slow is a verdict on the migration, so there is no other try.
    throw error instanceof UnreachableFailure ? new MigrationFailure(redact(error.message)) : error;
  });
  if (result.exitCode === 0) return;
  const said = redact(`${result.stdout}\n${result.stderr}`).trim().slice(-2_000) || 'nothing';
  throw new MigrationFailure(
    `expected database.verify (${argv.join(' ')}) to exit with 0 after the migrations, seen ${result.exitCode}. ` +
      `It said: ${said}`,
  );
}
