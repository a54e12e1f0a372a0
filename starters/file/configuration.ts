import { dirname, resolve } from 'node:path';
import { LineCounter, parseDocument } from 'yaml';
import { type AppConfig, appConfigSchema, fileSchema } from '../../domain/config';
import { explain, mistakesIn, nearest } from '../../domain/config/mistakes';
import type { Mistake } from '../../domain/config/rule';
import { shown } from '../../domain/config/values';
import { ConfigurationFailure } from '../../domain/failures';
import { isMapping, merge } from '../../domain/config/merge';
import { formatCount } from '../../domain/units';
import { locate, type LocatedMistake, locateInFile, mistakeText, type Source, yamlMistakes } from './errors';
import { readText, UnreadableText } from './text';

export const DEFAULT_FILE = 'spillway.yaml';
/** A file that lists no environments has this one. */
export const IMPLICIT_ENVIRONMENT = 'production';

export interface CheckedFile {
  /** Absolute; relative paths of the file start here. */
  projectDirectory: string;
  /** Includes environments with mistakes. */
  names: string[];
  environments: Record<string, AppConfig>;
  mistakes: LocatedMistake[];
}

/** @throws ConfigurationFailure that lists all mistakes but those in overrides of other environments */
export async function loadConfiguration(
  file: string,
  environment: string,
): Promise<{ config: AppConfig; projectDirectory: string }> {
  const { projectDirectory, environments, names, mistakes } = await checkFile(file, environment);
  const config = environments[environment];
  if (config && mistakes.length === 0) return { config, projectDirectory };
  if (mistakes.length > 0) throw failureOf(file, mistakes);
  throw unknownEnvironment(file, environment, names);
}

export async function loadFile(file: string): Promise<Pick<CheckedFile, 'projectDirectory' | 'environments'>> {
  const { projectDirectory, environments, mistakes } = await checkFile(file);
  if (mistakes.length > 0) throw failureOf(file, mistakes);
  return { projectDirectory, environments };
}

/** @throws ConfigurationFailure when the file cannot be read at all */
export async function checkFile(file: string, only?: string): Promise<CheckedFile> {
  const source = await readSource(file);
  const projectDirectory = resolve(dirname(file));
  const nothing = { projectDirectory, names: [], environments: {} };
  const wrong = yamlMistakes(source);
  if (wrong.length > 0) return { ...nothing, mistakes: wrong };
  const content = contentOf(source);
  if (typeof content === 'string')
    return { ...nothing, mistakes: [locateInFile(source, { path: [], message: content })] };
  const { environments: given, ...base } = content;
  const listed = environmentsOf(given);
  const names = Object.keys(listed.overrides);
  const checked = names
    .filter((name) => only === undefined || name === only)
    .map((name) => ({ name, ...checkEnvironment(base, listed.overrides[name] ?? {}) }));
  const mistakes = collect(source, checked, names.length);
  const matters = ({ path }: Mistake): boolean =>
    only === undefined || path[1] === undefined || path[1] === only || checked.length === 0;
  return {
    projectDirectory,
    names,
    environments: Object.fromEntries(checked.flatMap(({ name, config }) => (config ? [[name, config]] : []))),
    mistakes: [...listed.mistakes.filter(matters).map((one) => locateInFile(source, one)), ...mistakes],
  };
}

async function readSource(file: string): Promise<Source> {
  const text = await readText(file).catch((error: unknown) => {
    if (!(error instanceof UnreadableText)) throw error;
    throw new ConfigurationFailure(
      `expected a configuration at ${file}, ${error.message}; write one with \`spillway init\`, or name another with --file`,
      { cause: error },
    );
  });
  const lines = new LineCounter();
  return { file, text, lines, document: parseDocument(text, { lineCounter: lines, merge: true, prettyErrors: false }) };
}

function contentOf({ document }: Source): Record<string, unknown> | string {
  let content: unknown;
  try {
    content = document.toJS({ maxAliasCount: 1_000 });
  } catch (error) {
    // An alias has no anchor, or the aliases would fill the memory.
    return `not valid YAML: ${error instanceof Error ? error.message : String(error)}`;
  }
  if (!isMapping(content))
    return `expected a mapping with \`version: 1\`, \`app\` and \`services\`, seen ${shown(content)}`;
  return Object.fromEntries(Object.entries(content).filter(([key]) => !key.startsWith('x-')));
}

interface Listed {
  overrides: Record<string, Record<string, unknown> | null>;
  mistakes: Mistake[];
}

function environmentsOf(given: unknown): Listed {
  const parsed = fileSchema.shape.environments.safeParse(given ?? {}, { error: explain });
  const mistakes = parsed.success ? [] : mistakesIn(parsed.error, given);
  const overrides = isMapping(given) ? given : {};
  const sound = Object.entries(overrides).filter(([, value]) => value === null || isMapping(value));
  if (sound.length === 0 && mistakes.length === 0) return { overrides: { [IMPLICIT_ENVIRONMENT]: null }, mistakes };
  return {
    overrides: Object.fromEntries(sound) as Listed['overrides'],
    mistakes: mistakes.map(({ path, message }) => ({ path: ['environments', ...path], message })),
  };
}

function checkEnvironment(
  base: unknown,
  override: Record<string, unknown>,
): { config?: AppConfig; mistakes: Mistake[] } {
  const { version, app, ...settings } = override;
  const fixed = Object.entries({ version, app })
    .filter(([, value]) => value !== undefined)
    .map(([key]) => ({
      path: [key],
      message: 'expected to be the same in every environment; say it at the top of the file',
    }));
  const merged = merge(base, settings);
  const parsed = appConfigSchema.safeParse(merged, { error: explain });
  if (parsed.success) return { config: parsed.data, mistakes: fixed };
  return { mistakes: [...fixed, ...mistakesIn(parsed.error, merged)] };
}

/** Lists each mistake once; one that not all environments have names those that do. */
function collect(source: Source, checked: { name: string; mistakes: Mistake[] }[], all: number): LocatedMistake[] {
  const found = new Map<string, LocatedMistake & { overridden: boolean; names: string[] }>();
  for (const { name, mistakes } of checked) {
    for (const mistake of mistakes) {
      const located = locate(source, mistake, name);
      const key = mistakeText(source.file, located);
      const one = found.get(key) ?? { ...located, names: [] };
      found.set(key, { ...one, names: [...one.names, name] });
    }
  }
  return [...found.values()]
    .sort((one, other) => (one.line ?? 0) - (other.line ?? 0))
    .map(({ line, path, message, overridden, names }) => {
      const everywhere = overridden || names.length === checked.length || all === 1;
      return { line, path, message: everywhere ? message : `${message} (in ${names.join(', ')})` };
    });
}

function failureOf(file: string, mistakes: LocatedMistake[]): ConfigurationFailure {
  const lines = mistakes.map((mistake) => `  ${mistakeText(file, mistake)}`);
  const count = formatCount(mistakes.length, 'mistake');
  return new ConfigurationFailure(
    `expected a configuration without mistakes, seen ${count} in ${file}:\n${lines.join('\n')}`,
  );
}

export function unknownEnvironment(file: string, environment: string, names: string[]): ConfigurationFailure {
  const near = nearest(environment, names);
  const hint = near === undefined ? '' : `; did you mean "${near}"?`;
  return new ConfigurationFailure(
    `expected one of the environments of ${file} (${names.join(', ')}), seen "${environment}"${hint}`,
  );
}
