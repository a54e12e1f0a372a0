import { join } from 'node:path';
import type { DatabaseConfig } from '../../domain/config';
import { MigrationFailure, UnreachableFailure } from '../../domain/failures';
import type { Io } from '../../domain/host';
import type { Migrations, MigrationStatus } from './migrations';
import { runProgram, type ProgramResult } from '../run-program';

type CommandConfig = Extract<NonNullable<DatabaseConfig['migrations']>, { status: string[] }>;

/** Node decodes bytes that are not UTF-8 to this character. */
const GARBLED = '\uFFFD';
const LINE = /^(applied|pending)\s+(\S.*?)\s*$/;

interface CommandContext {
  projectDirectory: string;
  env: NodeJS.ProcessEnv;
  redact: (text: string) => string;
  /** Ends tools that a dead worker left running: only one may work at a time. */
  endOrphans: (io: Io) => Promise<void>;
}

/** Spillway asks the team's own tool, such as alembic, for the status, and tells it what to apply or revert. */
export class CommandMigrations implements Migrations {
  constructor(
    private readonly config: CommandConfig,
    private readonly context: CommandContext,
  ) {}

  async status(io: Io): Promise<MigrationStatus> {
    const { stdout: output, cut } = await this.run('status', this.config.status, io);
    this.expectWhole(output, cut);
    const lines = output.split('\n').map((line) => LINE.exec(line));
    const named = (state: string) => lines.flatMap((line) => (line?.[1] === state ? [line[2] as string] : []));
    const status = { applied: named('applied'), pending: named('pending') };
    if (output.trim() && status.applied.length + status.pending.length === 0) {
      throw new MigrationFailure(
        'expected database.migrations.status to print `applied NAME` or `pending NAME` for each migration, ' +
          `seen: ${this.quote(output)}`,
      );
    }
    return status;
  }

  async check(io: Io): Promise<string[]> {
    const { applied, pending } = await this.status(io);
    const all = [...applied, ...pending];
    return [...new Set(all.filter((name, index) => all.indexOf(name) !== index))].map(
      (name) => `database.migrations.status names ${name} more than once; each migration needs a name of its own`,
    );
  }

  async up(names: string[], _release: string, io: Io): Promise<string[]> {
    await this.context.endOrphans(io);
    const before = await this.status(io);
    const wanted = names.filter((name) => !before.applied.includes(name));
    if (wanted.length === 0) return [];
    this.expectPending(wanted, before.pending);
    await this.run('up', fill(this.config.up, { to: wanted.at(-1) as string }), io);
    const { applied } = await this.status(io);
    const missing = wanted.filter((name) => !applied.includes(name));
    if (missing.length === 0) return wanted;
    throw new MigrationFailure(
      `expected database.migrations.up to apply ${missing.join(', ')}; it exited with 0, but status does not say \`applied\``,
    );
  }

  appliedBy(): Promise<undefined> {
    return Promise.resolve(undefined);
  }

  async down(names: string[], _release: string | null, io: Io): Promise<string[]> {
    await this.context.endOrphans(io);
    const { applied } = await this.status(io);
    const mine = applied.filter((name) => names.includes(name)).reverse();
    if (mine.length === 0) return [];
    if (this.config.down.some((word) => word.includes('{name}'))) {
      for (const name of mine) await this.run('down', fill(this.config.down, { name }), io);
    } else {
      await this.downTo(mine, applied, io);
    }
    const left = (await this.status(io)).applied.filter((name) => mine.includes(name));
    if (left.length === 0) return mine;
    throw new MigrationFailure(
      `expected database.migrations.down to revert ${left.join(', ')}; it exited with 0, but status still says \`applied\``,
    );
  }

  /** Such a tool reverts everything after a given migration, so the ones to revert must be the newest. */
  private async downTo(mine: string[], applied: string[], io: Io): Promise<void> {
    const newest = applied.slice(-mine.length).reverse();
    const other = newest.find((name) => !mine.includes(name));
    if (other) {
      throw new MigrationFailure(
        `expected to revert ${mine.join(', ')} only, but ${other} was applied after: database.migrations.down has {to} ` +
          'and reverts everything newer. Revert that one too, or use {name}',
      );
    }
    const to = applied.at(-mine.length - 1) ?? this.config.base;
    await this.run('down', fill(this.config.down, { to }), io);
  }

  private expectPending(wanted: string[], pending: string[]): void {
    const next = this.config.up.some((word) => word.includes('{to}')) ? pending.slice(0, wanted.length) : pending;
    if (next.join('\n') === wanted.join('\n')) return;
    throw new MigrationFailure(
      `expected the migrations ${wanted.join(', ')} to be pending, seen ${pending.join(', ') || 'none'}; release again`,
    );
  }

  /** A name that was cut off or garbled would pass for another migration, or for none. */
  private expectWhole(output: string, cut: boolean): void {
    if (!cut && !output.includes(GARBLED)) return;
    const seen = cut ? `more than ${output.length} characters` : `other bytes: ${this.quote(output)}`;
    throw new MigrationFailure(
      `expected database.migrations.status to print one line a migration, in UTF-8, seen ${seen}. Correct what it prints`,
    );
  }

  private async run(what: 'status' | 'up' | 'down', argv: string[], io: Io): Promise<ProgramResult> {
    io.onProgress(`running ${argv.join(' ')}`);
    const { projectDirectory, env } = this.context;
    const result = await runProgram({
      argv,
      cwd: join(projectDirectory, this.config.cwd),
      env,
      limit: this.config.timeout,
      io,
    }).catch((error: unknown) => {
      // A program that was too slow once would only hold the release up on another try.
      throw error instanceof UnreachableFailure ? new MigrationFailure(this.context.redact(error.message)) : error;
    });
    if (result.exitCode === 0) return result;
    throw new MigrationFailure(
      `expected database.migrations.${what} (${argv.join(' ')}) to exit with 0, seen ${result.exitCode}. ` +
        `It said: ${this.quote(`${result.stdout}\n${result.stderr}`)}`,
    );
  }

  private quote(text: string): string {
    const said = this.context.redact(text).trim();
    return said.length > 2_000 ? `…${said.slice(-2_000)}` : said || 'nothing';
  }
}

function fill(argv: string[], values: Record<string, string>): string[] {
  return argv.map((word) => word.replace(/\{(to|name)\}/g, (whole, key: string) => values[key] ?? whole));
}
