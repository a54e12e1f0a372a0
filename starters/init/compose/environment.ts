import { access } from 'node:fs/promises';
import { join } from 'node:path';
import { ConfigurationFailure } from '../../../domain/failures';
import { readText, UnreadableText } from '../../file/text';
import { DotenvMistake, parseDotenv } from './dotenv';
import { shownPath } from './paths';
import type { Lookup } from './template';

type Shell = Record<string, string | undefined>;

export interface Environment {
  lookup: Lookup;
  /** Names that were asked for, and that only the shell knew. */
  fromShell: Set<string>;
}

export interface EnvironmentInput {
  directory: string;
  /** Instead of `.env` in the directory. */
  envFiles: string[];
  shell: Shell;
}

/** What Compose fills in: the shell's variables, and under them those of `.env`. */
export async function projectEnvironment({ directory, envFiles, shell }: EnvironmentInput): Promise<Environment> {
  const fromShell = new Set<string>();
  const ofShell: Lookup = (name) => {
    const text = Object.hasOwn(shell, name) ? shell[name] : undefined;
    if (text !== undefined) fromShell.add(name);
    return text === undefined ? undefined : { text, origin: 'shell' };
  };
  const isOff = /^(1|t|true)$/i.test(shell.COMPOSE_DISABLE_ENV_FILE ?? '');
  const given = envFiles.length > 0 ? envFiles : list(shell.COMPOSE_ENV_FILES, ',');
  const files = given.length > 0 ? given : isOff ? [] : await ifThere(join(directory, '.env'));
  return { lookup: under(ofShell, await readEnvFiles(files, ofShell)), fromShell };
}

export function list(text: string | undefined, separator: string): string[] {
  return (text ?? '')
    .split(separator)
    .map((one) => one.trim())
    .filter((one) => one !== '');
}

export async function ifThere(file: string): Promise<string[]> {
  return access(file).then(
    () => [file],
    () => [],
  );
}

/** The variables of the files, where the lookup has none. */
export function under(lookup: Lookup, variables: Map<string, string>): Lookup {
  return (name) => {
    const text = variables.get(name);
    return lookup(name) ?? (text === undefined ? undefined : { text, origin: 'file' });
  };
}

/** @throws ConfigurationFailure */
export async function readEnvFiles(files: string[], lookup: Lookup, isRaw = false): Promise<Map<string, string>> {
  const variables = new Map<string, string>();
  for (const file of files) {
    for (const [name, value] of await readEnvFile(file, under(lookup, variables), isRaw)) variables.set(name, value);
  }
  return variables;
}

/** Quotes and dollars are parts of the values. */
function rawVariables(text: string): Map<string, string> {
  const pairs = text.matchAll(/^(?!\s*#)[ \t]*([^=\s]+)=(.*)$/gm);
  return new Map([...pairs].map(([, name = '', value = '']) => [name, value.replace(/\r$/, '')]));
}

async function readEnvFile(file: string, lookup: Lookup, isRaw: boolean): Promise<Map<string, string>> {
  try {
    const text = await readText(file);
    return isRaw ? rawVariables(text) : parseDotenv(text, lookup);
  } catch (error) {
    if (error instanceof DotenvMistake)
      throw new ConfigurationFailure(`${shownPath(file)}:${error.line} ${error.message}`, { cause: error });
    if (error instanceof UnreadableText)
      throw new ConfigurationFailure(`expected a file of variables at ${shownPath(file)}, ${error.message}`, {
        cause: error,
      });
    throw error;
  }
}
