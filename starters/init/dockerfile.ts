import { readdir, readFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { stageOf, volumesOf } from '../../domain/containers/dockerfile';
import { ConfigurationFailure } from '../../domain/failures';
import { localAddress, properName } from './compose-values';
import type { Proposal } from './proposal';
import type { Ask, Question } from './questions';
import { namedVolumes } from './volumes';

export interface DockerfileFacts {
  port?: number;
  /** All that it exposes. */
  ports: number[];
  /** The image that its last stage builds on. */
  base?: string;
  hasEntrypoint: boolean;
  health?: { path: string; port: number };
  hasHealthcheck: boolean;
  /** True when it says that it runs as another user than root. */
  nonRoot: boolean;
  volumes: string[];
}

const NOTHING: DockerfileFacts = {
  ports: [],
  hasEntrypoint: false,
  hasHealthcheck: false,
  nonRoot: false,
  volumes: [],
};
const SKIPPED = new Set(['node_modules', 'vendor', 'dist', 'build', 'target', 'venv']);
const DEPTH = 3;

/**
 * Reads the last stage, or the named one, with those that it is based on.
 * @param args build arguments, which may stand in `FROM`
 */
export function dockerfileFacts(text: string, target?: string, args: Record<string, string> = {}): DockerfileFacts {
  const stage = stageOf(withArguments(text, args), target);
  const start = { ...NOTHING, volumes: volumesOf(stage), ...(stage.base !== undefined && { base: stage.base }) };
  return stage.instructions.reduce((facts, { name, rest }) => ({ ...facts, ...stated(name, rest, facts) }), start);
}

/** Fills in what ARG before the first FROM says, as the builder does in each FROM. */
function withArguments(text: string, args: Record<string, string>): string {
  const values: Record<string, string> = {};
  let isBefore = true;
  return text
    .split('\n')
    .map((line) => {
      const [, name, value = ''] = /^\s*ARG\s+(\w+)(?:=(\S*))?/i.exec(line) ?? [];
      if (isBefore && name !== undefined)
        values[name] = args[name] ?? filled(value.replace(/^(["'])(.*)\1$/, '$2'), values);
      if (!/^\s*FROM\s/i.test(line)) return line;
      isBefore = false;
      return filled(line, values);
    })
    .join('\n');
}

function filled(text: string, values: Record<string, string>): string {
  return text.replace(/\$(?:\{(\w+)(?::?-([^}]*))?\}|(\w+))/g, (all, name?: string, other?: string, bare?: string) => {
    const value = values[(name ?? bare)!];
    return value !== undefined && value !== '' ? value : (other ?? value ?? all);
  });
}

function stated(instruction: string, rest: string, { ports }: DockerfileFacts): Partial<DockerfileFacts> {
  switch (instruction) {
    case 'EXPOSE': {
      const all = rest.split(/\s+/).flatMap((word) => /^(\d+)(?:\/tcp)?$/i.exec(word)?.[1] ?? []);
      return all.length === 0 ? {} : { port: Number(all[0]), ports: [...ports, ...all.map(Number)] };
    }
    case 'ENTRYPOINT':
      return { hasEntrypoint: !/^(\[\s*\]|)$/.test(rest) };
    case 'USER':
      return { nonRoot: !/^(root|0)(:|$)/.test(rest) };
    case 'HEALTHCHECK': {
      if (/^NONE\b/i.test(rest)) return { hasHealthcheck: false, health: undefined };
      const health = localAddress(rest);
      return { hasHealthcheck: true, ...(health && { health }) };
    }
    default:
      return {};
  }
}

export async function factsAt(
  path: string,
  target?: string,
  args?: Record<string, string>,
): Promise<DockerfileFacts | undefined> {
  const text = await readFile(path, 'utf8').catch(() => undefined);
  return text === undefined ? undefined : dockerfileFacts(text, target, args);
}

/** @throws ConfigurationFailure when there is no Dockerfile in the folder or below it */
export async function proposeFromDockerfiles(directory: string, app: string): Promise<Proposal> {
  const files = await dockerfiles(directory, '', DEPTH);
  if (files.length === 0) {
    throw new ConfigurationFailure(
      `expected a Compose file or a Dockerfile in ${directory}, seen neither; ` +
        'write spillway.yaml by hand, see docs/configuration.md',
    );
  }
  const questions: Question[] = [];
  const services: Record<string, Record<string, unknown>> = {};
  const ports = new Set<number>();
  for (const file of files) {
    const name = unused(nameOf(file, app), services);
    const facts = (await factsAt(join(directory, file))) ?? NOTHING;
    const ask: Ask = (key, text, { importance = 'know' } = {}) =>
      void questions.push({ path: ['services', name, key], text, importance });
    const reach = settings(facts, ports, ask);
    const isAlone = reach.traffic === 'none';
    const volumes = namedVolumes({ app, service: name, paths: facts.volumes, mounted: [], isAlone, ask });
    services[name] = { build: buildOf(file), ...reach, ...(volumes.length > 0 && { volumes }) };
  }
  return { source: files.join(', '), content: { version: 1, app, services }, questions };
}

async function dockerfiles(directory: string, below: string, depth: number): Promise<string[]> {
  const entries = await readdir(join(directory, below), { withFileTypes: true }).catch(() => []);
  const here = entries
    .filter((entry) => entry.isFile() && /^(Dockerfile(\.[\w-]+)?|[\w-]+\.Dockerfile)$/.test(entry.name))
    .filter((entry) => entry.name !== 'Dockerfile.dockerignore')
    .map((entry) => join(below, entry.name));
  if (depth === 1) return here.sort();
  const folders = entries.filter(
    (entry) => entry.isDirectory() && !entry.name.startsWith('.') && !SKIPPED.has(entry.name),
  );
  const inside = await Promise.all(folders.map((entry) => dockerfiles(directory, join(below, entry.name), depth - 1)));
  return [...here.sort(), ...inside.flat().sort()];
}

function nameOf(file: string, app: string): string {
  const [, before, after] = /^(?:([\w-]+)\.Dockerfile|Dockerfile\.([\w-]+))$/.exec(basename(file)) ?? [];
  const folder = dirname(file);
  return properName(before ?? after ?? (folder === '.' ? app : basename(folder)));
}

function unused(name: string, taken: object): string {
  for (let count = 2, free = name; ; count++) {
    if (!Object.hasOwn(taken, free)) return free;
    free = `${name.slice(0, 36)}-${count}`;
  }
}

function buildOf(file: string): Record<string, string> {
  const context = dirname(file) === '.' ? '.' : `./${dirname(file)}`;
  return basename(file) === 'Dockerfile' ? { context } : { context, dockerfile: basename(file) };
}

function settings(facts: DockerfileFacts, ports: Set<number>, ask: Ask): Record<string, unknown> {
  imageQuestions(facts, ask);
  const port = facts.port ?? facts.health?.port;
  if (port === undefined) {
    ask(
      'traffic',
      'no port is exposed, so it is taken for a worker, of which two versions must not run at once; if it answers requests, give `port` and `routes` instead',
      { importance: 'decide' },
    );
    return { traffic: 'none', run: 'live-only' };
  }
  if (ports.has(port))
    ask(
      'port',
      `another service has port ${port} at the router already; give this one \`routes\` if it should be reached`,
      { importance: 'decide' },
    );
  else ask('routes', 'on which port, host and path should the router take requests for it?', { importance: 'decide' });
  const routes = ports.has(port) ? {} : { routes: [{ port }] };
  ports.add(port);
  return { port, ...routes, ...healthOf(facts, port, ask) };
}

function healthOf(facts: DockerfileFacts, port: number, ask: Ask): Record<string, unknown> {
  if (facts.health?.port === port) return { health: { endpoints: [{ path: facts.health.path }] } };
  if (!facts.hasHealthcheck)
    ask('port', 'which path tells that it is healthy? Without `health.endpoints` only that it runs is known');
  return {};
}

export function imageQuestions({ nonRoot }: Pick<DockerfileFacts, 'nonRoot'>, ask: Ask): void {
  if (!nonRoot)
    ask('build', 'its Dockerfile has no USER, so the image may run as root, which `policy.nonRoot` refuses', {
      importance: 'decide',
    });
}
