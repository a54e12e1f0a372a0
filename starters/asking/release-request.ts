import { randomInt } from 'node:crypto';
import type { Command } from 'commander';
import { Option } from 'commander';
import { ConfigurationFailure } from '../../domain/failures';
import type { ReleaseRequest } from '../../domain/request';
import { BUMPS, nextVersion, versionMistake } from '../../domain/versions';
import type { Bump } from '../../domain/versions';
import { gitState } from '../file/git';
import { configured, whoIs } from './scope';
import type { Configured, ScopeOptions } from './scope';
import { findVersion, writeVersion } from '../file/version-file';

export interface RequestOptions extends ScopeOptions {
  bump?: Bump;
  note: string;
  skipBuild?: boolean;
  testOnly?: boolean;
  /** Commander sets it to false for `--no-rollback`. */
  rollback: boolean;
  again?: boolean;
  who?: string;
}

export interface Prepared {
  request: ReleaseRequest;
  /** Writes a raised version into its file; `lower` takes that back. */
  raise(): Promise<void>;
  lower(): Promise<void>;
}

export function addRequestOptions(command: Command): Command {
  return command
    .addOption(new Option('--bump <part>', 'raise the version in its file first').choices(BUMPS))
    .option('--note <text>', 'what is new, kept in the history', '')
    .option('--skip-build', 'use images that are there or can be pulled, build none')
    .option('--test-only', 'preflight, build and checks of the images; deploy nothing')
    .option('--no-rollback', 'when it fails, move the traffic back but keep the failed slot for inspection')
    .option('--again', 'release the live version again, because its configuration or secrets changed')
    .option('--who <name>', 'who releases; default: whom CI names, else git’s user.name, else the user');
}

/** @throws ConfigurationFailure when configuration, version or git is wrong; nothing has changed yet */
export async function prepare(version: string | undefined, options: RequestOptions): Promise<Prepared> {
  const project = await configured(options);
  const chosen = await chooseVersion(version, options.bump, project.projectDirectory);
  const { file, from, to } = chosen;
  const request = await requestFor(project, to, options);
  return {
    request,
    raise: async () => (file === undefined ? undefined : writeVersion(file, to)),
    lower: async () => (file === undefined || from === undefined ? undefined : writeVersion(file, from)),
  };
}

/** Is unique and sorts by time: `20261121-101500-1.2.3-k3v9`. */
export function releaseId(version: string, at: Date): string {
  const digits = at.toISOString().replace(/\D/g, '');
  const letters = 'abcdefghijkmnpqrstuvwxyz23456789';
  const random = Array.from({ length: 4 }, () => letters[randomInt(letters.length)]).join('');
  return `${digits.slice(0, 8)}-${digits.slice(8, 14)}-${version}-${random}`;
}

async function requestFor(project: Configured, version: string, options: RequestOptions): Promise<ReleaseRequest> {
  const { app, environment, config, projectDirectory } = project;
  const now = new Date();
  const git = await gitState(projectDirectory);
  return {
    kind: 'release',
    app,
    environment,
    id: releaseId(version, now),
    version,
    config,
    projectDirectory,
    options: {
      skipBuild: options.skipBuild === true,
      testOnly: options.testOnly === true,
      noRollback: !options.rollback,
      again: options.again === true,
    },
    who: await whoIs(options.who),
    note: options.note,
    ...(git && { git }),
    requestedAt: now.getTime(),
  };
}

/** Answers the given version, or the one in the project's file; `file` is set only when that is to change. */
async function chooseVersion(
  given: string | undefined,
  bump: Bump | undefined,
  directory: string,
): Promise<{ to: string; from?: string; file?: string }> {
  if (given !== undefined && bump !== undefined)
    throw new ConfigurationFailure('expected a version or --bump, seen both; leave one out');
  if (given !== undefined) {
    const mistake = versionMistake(given);
    if (mistake !== undefined) throw new ConfigurationFailure(mistake);
    return { to: given };
  }
  const found = await findVersion(directory);
  if (found === undefined)
    throw new ConfigurationFailure(
      `expected a version, seen none, and no file VERSION or package.json in ${directory} that could say it; ` +
        (bump === undefined ? 'name one behind the command, such as 1.4.0, or ' : '') +
        'make a file with `spillway version set 0.1.0`',
    );
  const { file, version } = found;
  return bump === undefined ? { to: version } : { file, from: version, to: nextVersion(version, bump) };
}
