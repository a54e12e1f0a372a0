import { join } from 'node:path';
import { isPlainSecret } from '../../domain/config/values';
import { isMapping } from '../../domain/config/merge';
import type { Ask, ComposeContext } from './compose-context';
import { composeReach } from './compose-reach';
import {
  composeDuration,
  composeSize,
  composeVariables,
  composeWords,
  hasVariable,
  wholeVariable,
  withDefaults,
} from './compose-values';
import { composeVolumes, namelessPaths } from './compose-volumes';
import { factsAt, imageQuestions } from './dockerfile';
import { namedVolumes } from './volumes';

type Mapping = Record<string, unknown>;

// Spillway does these in its own way, or they make no difference to it.
const HANDLED = new Set(
  `build image ports expose environment env_file healthcheck volumes deploy mem_limit cpus scale command read_only
  stop_grace_period depends_on restart networks labels logging pull_policy platform stdin_open tty develop container_name
  profiles init hostname`.split(/\s+/),
);

export async function composeService(
  name: string,
  original: string,
  given: Mapping,
  context: ComposeContext,
): Promise<Mapping> {
  const ask: Ask = (key, text) => void context.questions.push({ path: ['services', name, key], text });
  const unknown = Object.keys(given).filter((key) => !HANDLED.has(key) && !key.startsWith('x-'));
  if (unknown.length > 0) ask('', `Spillway has no counterpart for ${unknown.map((key) => `\`${key}\``).join(', ')}`);
  const build = buildOf(given.build, ask);
  const facts =
    build && (await factsAt(join(context.directory, build.context, build.dockerfile ?? 'Dockerfile'), build.target));
  if (facts) imageQuestions(facts, ask);
  const image = imageOf(given.image, build !== undefined, ask);
  const reach = composeReach({ original, given, facts, context, ask });
  const isAlone = reach.traffic === 'none';
  const mounted = composeVolumes(given.volumes, isAlone, context, ask);
  const paths = [...namelessPaths(given.volumes), ...(facts?.volumes ?? [])];
  const volumes = [...mounted, ...namedVolumes({ app: context.app, service: name, paths, mounted, isAlone, ask })];
  const env = environmentOf(name, given, context, ask);
  const words = composeWords(given.command);
  if (words?.some(hasVariable))
    ask('command', 'Compose filled in its variables; nothing does so here, unless the command is a shell');
  if (given.read_only !== true)
    ask(
      'readOnlyRoot',
      'true is safer, if the containers write nothing but /tmp and their volumes; what they write elsewhere is lost with each version',
    );
  return {
    ...(build && { build }),
    ...(image !== undefined && { image }),
    ...reach,
    ...resourcesOf(given, ask),
    ...(env && { env }),
    ...(words && words.length > 0 && { command: words }),
    ...(volumes.length > 0 && { volumes }),
    ...(given.read_only !== true && { readOnlyRoot: false }),
    ...(composeDuration(given.stop_grace_period) && { stopGrace: composeDuration(given.stop_grace_period) }),
  };
}

interface Build {
  context: string;
  dockerfile?: string;
  target?: string;
  args?: Record<string, string>;
}

function buildOf(given: unknown, ask: Ask): Build | undefined {
  if (typeof given === 'string') return { context: given };
  if (!isMapping(given)) return undefined;
  const { context = '.', dockerfile, target, args } = given;
  const known = composeVariables(args).filter(([key, value]) => {
    const isPlain = value !== null && !hasVariable(value) && !isPlainSecret(key, value);
    if (!isPlain)
      ask('build', `the build argument ${key} was left out: its value is a secret, or comes from the environment`);
    return isPlain;
  });
  return {
    context: String(context),
    ...(typeof dockerfile === 'string' && { dockerfile }),
    ...(typeof target === 'string' && { target }),
    ...(known.length > 0 && { args: Object.fromEntries(known) as Record<string, string> }),
  };
}

function imageOf(given: unknown, isBuilt: boolean, ask: Ask): string | undefined {
  if (typeof given !== 'string') return undefined;
  if (given.includes('@')) return given;
  const [, name = given, tag] = /^(.*?)(?::([^/:]*|[^/]*\$\{.*\}[^/]*))?$/.exec(given) ?? [];
  const { text, missing } = withDefaults(name);
  if (missing.length > 0) ask('image', `the value of ${missing.join(', ')} belongs into this name`);
  if (!isBuilt) ask('image', `the tag was ${tag ? `\`${tag}\`` : 'missing'}: is the version of the app all of it?`);
  return `${text}:{version}`;
}

function resourcesOf(given: Mapping, ask: Ask): Mapping {
  const deploy = isMapping(given.deploy) ? given.deploy : {};
  const resources = isMapping(deploy.resources) ? deploy.resources : {};
  const limits = isMapping(resources.limits) ? resources.limits : {};
  const cpu = Number(limits.cpus ?? given.cpus);
  const memory = composeSize(limits.memory ?? given.mem_limit);
  const replicas = Number(deploy.replicas ?? given.scale);
  if (replicas > 20) ask('replicas', `${replicas} replicas were asked for; Spillway runs at most 20 on one host`);
  return {
    ...(replicas >= 1 && { replicas: Math.min(20, replicas) }),
    ...(cpu > 0 && { cpu }),
    ...(memory !== undefined && { memory }),
  };
}

/** Values that may be secrets become references to variables of the worker. */
function environmentOf(service: string, given: Mapping, context: ComposeContext, ask: Ask): Mapping | undefined {
  if (given.env_file !== undefined)
    ask('env', 'the variables of `env_file` were not read: name each here, secrets as {env: NAME}');
  const needed: string[] = [];
  const variables = composeVariables(given.environment).map(([key, value]): [string, unknown] => {
    const whole = value === null ? key : wholeVariable(value);
    const plain = withDefaults(value ?? '');
    if (whole === undefined && plain.missing.length === 0 && !isPlainSecret(key, plain.text)) return [key, plain.text];
    const name = whole ?? context.secretName(service, key);
    needed.push(name);
    return [key, { env: name }];
  });
  if (needed.length > 0)
    ask(
      'env',
      `the worker needs the values of ${[...new Set(needed)].join(', ')} in its own environment; they were not copied`,
    );
  return variables.length > 0 ? Object.fromEntries(variables) : undefined;
}
