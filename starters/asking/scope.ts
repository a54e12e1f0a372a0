import { readFile } from 'node:fs/promises';
import { userInfo } from 'node:os';
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { Command } from 'commander';
import { parse, YAMLParseError } from 'yaml';
import { ConfigurationFailure } from '../../domain/failures';
import { DEFAULT_TASK_QUEUE } from '../../domain/names';
import type { AppConfig } from '../../domain/config';
import type { Scope } from '../../domain/release';
import { DEFAULT_FILE, IMPLICIT_ENVIRONMENT, loadConfiguration, unknownEnvironment } from '../file/configuration';
import { bracesHint } from '../file/errors';
import { unreadableText } from '../file/unreadable';
import { JSON_OPTION } from '../output';

export interface ScopeOptions {
  file: string;
  environment?: string;
  app?: string;
  json?: boolean;
}

export function addScopeOptions(command: Command): Command {
  return command
    .option('-f, --file <path>', 'configuration file', DEFAULT_FILE)
    .option('-e, --environment <name>', 'environment, such as production; may be left out when the file has only one')
    .option('--app <name>', 'app; default: the one in the file, which is not needed when both names are given')
    .option(...JSON_OPTION);
}

/** Reads only names, so that `abort` works while the file has mistakes. @throws ConfigurationFailure without them */
export async function scopeOf({ file, environment, app }: ScopeOptions): Promise<Scope> {
  if (app !== undefined && environment !== undefined) return { app, environment };
  const names = await namesIn(file);
  const { environments } = names;
  // An environment that left the file is still reached by both names.
  if (environment !== undefined && environments.length > 0 && !environments.includes(environment))
    throw unknownEnvironment(file, environment, environments);
  const found = { app: app ?? names.app, environment: environment ?? onlyOne(environments, file) };
  if (found.app === undefined)
    throw new ConfigurationFailure(`expected \`app: NAME\` in ${file}, seen none; add it, or give --app NAME`);
  return { app: found.app, environment: found.environment };
}

export interface Configured extends Scope {
  config: AppConfig;
  /** Absolute; relative paths of the configuration start here. */
  projectDirectory: string;
}

/** @throws ConfigurationFailure that lists all mistakes of the file */
export async function configured(options: ScopeOptions): Promise<Configured> {
  const { environment } = await scopeOf({ ...options, app: undefined });
  const { config, projectDirectory } = await loadConfiguration(options.file, environment);
  if (options.app !== undefined && options.app !== config.app)
    throw new ConfigurationFailure(
      `expected --app ${config.app}, as ${options.file} says, seen ${options.app}; leave one out`,
    );
  return { app: config.app, environment, config, projectDirectory };
}

export function taskQueue(): string {
  return process.env.SPILLWAY_TASK_QUEUE || DEFAULT_TASK_QUEUE;
}

/** Takes `--who`, else the name that CI gives, else git's `user.name`, else the user of this machine. */
export async function whoIs(given: string | undefined, env: NodeJS.ProcessEnv = process.env): Promise<string> {
  const named = [given, env.SPILLWAY_WHO, env.GITHUB_ACTOR, env.GITLAB_USER_LOGIN].find((name) => name?.trim());
  if (named) return named.trim();
  try {
    const { stdout } = await promisify(execFile)('git', ['config', 'user.name'], { timeout: 2_000 });
    if (stdout.trim()) return stdout.trim();
  } catch {
    // There may be no git, or no name in it.
  }
  return env.USER || userInfo().username;
}

async function namesIn(file: string): Promise<{ app?: string; environments: string[] }> {
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    throw new ConfigurationFailure(
      `expected a configuration at ${file}, ${unreadableText(error)}; ` +
        'write one with `spillway init`, name another with --file, or give both --app and --environment',
      { cause: error },
    );
  });
  const { app, environments } = parsed(text, file);
  return {
    ...(typeof app === 'string' ? { app } : {}),
    environments: typeof environments === 'object' && environments !== null ? Object.keys(environments) : [],
  };
}

function parsed(text: string, file: string): Record<string, unknown> {
  try {
    const document: unknown = parse(text);
    return typeof document === 'object' && document !== null ? (document as Record<string, unknown>) : {};
  } catch (error) {
    const [said = ''] = (error as Error).message.split('\n', 1);
    const braces = error instanceof YAMLParseError ? bracesHint(text, error.pos[0]) : '';
    const hint = braces || '; correct it: `spillway validate` tells every mistake';
    throw new ConfigurationFailure(`expected YAML in ${file}, seen: ${said.replace(/:$/, '')}${hint}`, {
      cause: error,
    });
  }
}

function onlyOne(environments: string[], file: string): string {
  const [first = IMPLICIT_ENVIRONMENT, ...others] = environments;
  if (others.length === 0) return first;
  throw new ConfigurationFailure(
    `expected an environment of ${file} (${environments.join(', ')}), seen none; give --environment NAME`,
  );
}
