import { posix } from 'node:path';
import type { Environment } from './environment';
import type { ComposeHealthcheck, ComposeMount, ComposeReason, ComposeService, ComposeVariable } from './model';
import { isSecretText, plain, shownText } from './plain';
import { portOf } from './ports';
import { ComposeText } from './text';
import { isTreeMap, type Tree, type TreeMap } from './tree';
import { passedNumber } from './numbers';
import { shellWords } from './words';
import { tellShapes } from './shapes';
import { bracesHint, shape } from './yaml';

type Mapping = Record<string, unknown>;
export type Tell = (path: string[], text: string, items?: string[]) => void;

export interface ServiceInput {
  name: string;
  tree: TreeMap;
  lookup: Environment['lookup'];
  /** Variables of `env_file`. */
  fromFiles: ComposeVariable[];
  envFiles: ComposeService['envFiles'];
  reasons: ComposeReason[];
}

/** One service in the terms of the model; what cannot be read is left out, with a reason. */
export function serviceOf({ name, tree, lookup, fromFiles, envFiles, reasons }: ServiceInput): ComposeService {
  const tell: Tell = (path, text, items) =>
    void reasons.push({ path: ['services', name, ...path], text, ...(items && { items }) });
  const own = variablesOf(tree.get('environment'), ['environment'], lookup, tell);
  const replaced = new Set(own.map((variable) => variable.name));
  const image = wordOf(tree.get('image'));
  const build = tree.get('build');
  tellMissing(tree, [], tell);
  tellShapes(tree, tell);
  return {
    name,
    given: plain(tree) as Mapping,
    ...(image && { image }),
    ...(isTreeMap(build) && { build: buildOf(build, lookup, tell) }),
    environment: [...fromFiles.filter((variable) => !replaced.has(variable.name)), ...own],
    envFiles,
    ...commandOf('command', tree, tell),
    ...commandOf('entrypoint', tree, tell),
    ports: mapsOf(tree.get('ports')).flatMap((given, index) => {
      const port = portOf(given);
      if (!port)
        tell(
          ['ports', String(index)],
          `expected a port such as "8080:80", seen ${JSON.stringify(plain(given))}; it was left out`,
        );
      return port ?? [];
    }),
    expose: exposed(tree.get('expose'), tell),
    mounts: mapsOf(tree.get('volumes')).flatMap((given, index) => mountOf(given, index, tell)),
    files: [...filesOf('secrets', tree), ...filesOf('configs', tree)],
    labels: textsOf(tree.get('labels')),
    deployLabels: textsOf(isTreeMap(tree.get('deploy')) ? (tree.get('deploy') as TreeMap).get('labels') : undefined),
    ...healthcheckOf(tree.get('healthcheck')),
    dependsOn: dependenciesOf(tree.get('depends_on')),
    networks: networksOf(tree),
    extraHosts: wordsOf(tree.get('extra_hosts')).map((text) => hostOf(text)),
    profiles: wordsOf(tree.get('profiles')),
  };
}

// The values of these are asked for where they are used.
const ASKED = new Set(['environment', 'image', 'build.args', 'command', 'entrypoint']);

function tellMissing(tree: Tree, path: string[], tell: Tell): void {
  if (ASKED.has(path.join('.'))) return;
  if (isTreeMap(tree)) for (const [key, value] of tree) tellMissing(value, [...path, key], tell);
  if (Array.isArray(tree)) for (const [index, one] of tree.entries()) tellMissing(one, [...path, String(index)], tell);
  if (!(tree instanceof ComposeText)) return;
  if (tree.missing.length > 0)
    tell(path, `${tree.missing.join(', ')} had no value in .env or the shell; write what belongs in its place`);
  if (path[0] !== 'x-wrote' && isSecretText(tree) && shownText(tree) !== tree.text)
    tell(path, 'a value from .env that may be a secret was not copied');
}

function buildOf(build: TreeMap, lookup: ServiceInput['lookup'], tell: Tell): ComposeService['build'] {
  const dockerfile = wordOf(build.get('dockerfile'));
  const target = wordOf(build.get('target'));
  return {
    context: String(wordOf(build.get('context')) ?? '.'),
    ...(dockerfile && { dockerfile: dockerfile.text }),
    ...(target && { target: target.text }),
    args: variablesOf(build.get('args'), ['build', 'args'], lookup, tell),
    given: plain(build) as Mapping,
  };
}

function variablesOf(
  given: Tree | undefined,
  path: string[],
  lookup: ServiceInput['lookup'],
  tell: Tell,
): ComposeVariable[] {
  if (!isTreeMap(given)) return [];
  tellNumbers(given, path, tell);
  return [...given].map(([name, value]) => {
    if (value instanceof ComposeText) return { name, value };
    if (value !== null) {
      tell([...path, name], `expected a value, seen ${shape(value)}${bracesHint(value)}`);
      return { name };
    }
    const found = lookup(name);
    return found ? { name, value: new ComposeText([{ ...found, variable: name }]) } : { name };
  });
}

function tellNumbers(given: TreeMap, path: string[], tell: Tell): void {
  const numbers = [...given].flatMap(([name, value]) => {
    if (!(value instanceof ComposeText)) return [];
    const passed = passedNumber(value);
    if (passed === undefined) return [];
    return isSecretText(value, name)
      ? `${name} (its value is not shown, and Compose passes another one)`
      : `${name} (it says ${String(value)}, which Compose passes as ${passed})`;
  });
  if (numbers.length > 0) tell(path, 'what has no quotes stays here as it is written: {items}', numbers);
}

function commandOf(key: 'command' | 'entrypoint', tree: TreeMap, tell: Tell): Partial<ComposeService> {
  const given = tree.get(key) ?? null;
  if (Array.isArray(given)) return { [key]: given.filter((one) => one instanceof ComposeText) };
  if (!(given instanceof ComposeText)) return {};
  const { words, lost } = shellWords(given);
  if (lost !== '')
    tell([key], `Compose reads it up to "${lost[0]}" only, since it starts no shell; write ["sh", "-c", "…"] for one`);
  return { [key]: words };
}

function exposed(given: Tree | undefined, tell: Tell): ComposeService['expose'] {
  return wordsOf(given).flatMap((text, index) => {
    const [, first, last = first, protocol = 'tcp'] = /^(\d+)(?:-(\d+))?(?:\/(\w+))?$/.exec(text) ?? [];
    const count = Number(last) - Number(first) + 1;
    if (first === undefined || count < 1 || count > 1_000) {
      tell(['expose', String(index)], `expected a port, seen "${text}"; it was left out`);
      return [];
    }
    return Array.from({ length: count }, (_, offset) => ({ port: Number(first) + offset, protocol }));
  });
}

function mountOf(given: TreeMap, index: number, tell: Tell): ComposeMount[] {
  const [type, source, target, wrote] = ['type', 'source', 'target', 'x-wrote'].map((key) => wordOf(given.get(key)));
  if (!target || target.text === '') {
    tell(['volumes', String(index)], 'expected a `target`, seen none; it was left out');
    return [];
  }
  return [
    {
      type: type?.text ?? 'volume',
      ...(source && { source: shownText(source) }),
      target: target.text,
      readOnly: plain(given.get('read_only'), 'read_only') === true,
      ...(wrote && { wrote: shownText(wrote) }),
      given: plain(new Map([...given].filter(([key]) => key !== 'x-wrote'))) as Mapping,
    },
  ];
}

function filesOf(kind: 'secrets' | 'configs', tree: TreeMap): ComposeService['files'] {
  return mapsOf(tree.get(kind)).flatMap((given) => {
    const source = wordOf(given.get('source'))?.text;
    if (source === undefined) return [];
    return [
      {
        kind,
        source,
        // Relative ones start where Compose puts those without a target.
        target: posix.resolve(kind === 'secrets' ? '/run/secrets' : '/', wordOf(given.get('target'))?.text ?? source),
      },
    ];
  });
}

function healthcheckOf(given: Tree | undefined): { healthcheck?: ComposeHealthcheck } {
  if (!isTreeMap(given)) return {};
  const test = given.get('test') ?? null;
  const words = test instanceof ComposeText ? ['CMD-SHELL', shownText(test)] : wordsOf(test);
  const disabled = plain(given.get('disable'), 'disable') === true || words[0] === 'NONE';
  return { healthcheck: { test: disabled ? [] : words, disabled, given: plain(given) as Mapping } };
}

function dependenciesOf(given: Tree | undefined): ComposeService['dependsOn'] {
  if (!isTreeMap(given)) return [];
  return [...given].map(([service, how]) => ({
    service,
    condition: (isTreeMap(how) && wordOf(how.get('condition'))?.text) || 'service_started',
    required: !isTreeMap(how) || plain(how.get('required'), 'required') !== false,
  }));
}

function networksOf(tree: TreeMap): ComposeService['networks'] {
  const given = tree.get('networks');
  if (!isTreeMap(given) || given.size === 0) return tree.has('network_mode') ? [] : [{ name: 'default', aliases: [] }];
  return [...given].map(([name, how]) => ({ name, aliases: isTreeMap(how) ? wordsOf(how.get('aliases')) : [] }));
}

function hostOf(text: string): [string, string] {
  const [, host = text, address = ''] = /^([^=:]+)[=:](.*)$/.exec(text) ?? [];
  return [host, address.replace(/^\[|\]$/g, '')];
}

function wordOf(given: Tree | undefined): ComposeText | undefined {
  return given instanceof ComposeText ? given : undefined;
}

function wordsOf(given: Tree | undefined): string[] {
  const all = Array.isArray(given) ? given : [given];
  return all.filter((one) => one instanceof ComposeText).map(shownText);
}

function mapsOf(given: Tree | undefined): TreeMap[] {
  return Array.isArray(given) ? given.filter(isTreeMap) : [];
}

function textsOf(given: Tree | undefined): Record<string, string> {
  if (!isTreeMap(given)) return {};
  return Object.fromEntries(
    [...given].map(([key, value]) => [key, value instanceof ComposeText ? shownText(value) : '']),
  );
}
