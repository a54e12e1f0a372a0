import { ConfigurationFailure } from '../../domain/failures';
import type { Io } from '../../domain/host';
import type { Scope } from '../../domain/release';
import { applicationName, endSessionsOf } from './application-name';
import type { PostgresServer } from './connection';
import { runProgram, type ProgramResult } from '../run-program';

const QUICK_MS = 10_000;
const LONG_MS = 24 * 3_600_000;

export class PostgresTools {
  /** Names their connections, so that those left by a dead worker are recognised. */
  private readonly application: string;

  constructor(
    private readonly server: PostgresServer,
    private readonly scope: Scope,
    private readonly environment: NodeJS.ProcessEnv,
  ) {
    this.application = applicationName('tool', scope);
  }

  on(server: PostgresServer): PostgresTools {
    return new PostgresTools(server, this.scope, this.environment);
  }

  /** Has no password, so it may stand in `argv`. */
  get uri(): string {
    return this.server.uri;
  }

  /** @throws ConfigurationFailure when a program is missing, or too old for this server. */
  async version(serverMajor: number, io: Io): Promise<string> {
    const programs = ['pg_dump', 'pg_restore', 'psql'];
    const versions = await Promise.all(programs.map((program) => this.versionOf(program, io)));
    const old = programs.findIndex((_, index) => !(Number.parseInt(versions[index]!, 10) >= serverMajor));
    if (old === -1) return versions[0]!;
    throw new ConfigurationFailure(
      `expected ${programs[old]} ${serverMajor} or newer on the worker's machine for a PostgreSQL ${serverMajor}, ` +
        `seen ${versions[old]}: install postgresql-client-${serverMajor}`,
    );
  }

  private async versionOf(program: string, io: Io): Promise<string> {
    const { stdout } = await this.run([program, '--version'], io, { limit: QUICK_MS });
    return /(\d+(?:\.\d+)*)/.exec(stdout)?.[1] ?? 'none';
  }

  /** Passes the password by the environment; `options` are settings of the session. */
  async run(
    argv: string[],
    io: Io,
    { limit = LONG_MS, options = '' }: { limit?: number; options?: string } = {},
  ): Promise<ProgramResult> {
    const env: NodeJS.ProcessEnv = {
      PGCONNECT_TIMEOUT: '10',
      PGOPTIONS: options,
      PGAPPNAME: this.application,
      LC_ALL: 'C',
    };
    for (const name of ['PATH', 'HOME', 'TMPDIR']) env[name] = this.environment[name];
    if (this.server.password) env.PGPASSWORD = this.server.password;
    return runProgram({ argv, env, limit, io });
  }

  /** Ends programs of a dead worker, which would hold locks or write the same file. */
  async endOrphans(io: Io): Promise<void> {
    await endSessionsOf(this.application, this.server, io);
  }
}
