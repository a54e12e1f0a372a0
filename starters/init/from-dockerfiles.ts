import { readdir } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { ConfigurationFailure } from '../../domain/failures';
import { showsSecret } from './compose/secret-signs';
import { properName } from './compose-values';
import { type DockerfileFacts, factsAt, imageQuestions, NO_FACTS } from './dockerfile';
import { httpPort } from './http-port';
import { askerOf, askOfFile } from './mapping/context';
import { isPostgres } from './outside/images';
import { type State, stateOf } from './outside/state';
import { askAboutGuess, askAboutSecretPath, askWhetherHttp } from './port-questions';
import { nothingToRelease, type Proposal } from './proposal';
import type { Ask, Question } from './questions';
import { namedVolumes } from './volumes';

const SKIPPED = new Set(['node_modules', 'vendor', 'dist', 'build', 'target', 'venv']);
const DEPTH = 3;

/** @throws ConfigurationFailure when there is no Dockerfile in the folder or below it, or none that could be released */
export async function proposeFromDockerfiles(directory: string, app: string): Promise<Proposal> {
  const files = await dockerfiles(directory, '', DEPTH);
  if (files.length === 0) {
    throw new ConfigurationFailure(
      `expected a Compose file or a Dockerfile in ${directory}, seen neither; ` +
        'write spillway.yaml by hand, see docs/configuration.md',
    );
  }
  const questions: Question[] = [];
  const outside: string[] = [];
  const services: Record<string, Record<string, unknown>> = {};
  const ports = new Set<number>();
  for (const file of files) {
    const facts = (await factsAt(join(directory, file))) ?? NO_FACTS;
    const state = stateIn(facts);
    if (state) {
      outside.push(`${file}: ${state.because}, a ${state.kind}`);
      askAboutOutside(file, state, facts, questions);
      continue;
    }
    const name = unused(nameOf(file, app), services);
    const ask = askerOf(questions, name);
    const reach = settings(facts, ports, ask);
    const isAlone = reach.traffic === 'none';
    const volumes = namedVolumes({ app, service: name, paths: facts.volumes, mounted: [], isAlone, ask });
    services[name] = { build: buildOf(file), ...reach, ...(volumes.length > 0 && { volumes }) };
  }
  const source = files.join(', ');
  if (Object.keys(services).length === 0) throw nothingToRelease(source, outside);
  return { source, content: { version: 1, app, services }, questions };
}

function stateIn({ base, volumes, ports, health }: DockerfileFacts): State | undefined {
  return stateOf({ ...(base !== undefined && { base }), written: volumes, ports, speaksHttp: health !== undefined });
}

function askAboutOutside(
  file: string,
  { kind, because }: State,
  { base }: DockerfileFacts,
  questions: Question[],
): void {
  const why =
    kind === 'router'
      ? `(${because}): Spillway’s own router takes its place, and what it did besides forwarding is done nowhere`
      : `(${kind}: ${because}), because two versions must not share its data: run it outside of releases, and reach it by \`networks\` or \`hosts\``;
  askOfFile(questions, `${file} is left out ${why}; if it may be released, write it under \`services\``, 'decide');
  if (base !== undefined && isPostgres(base))
    askOfFile(questions, `a release backs up and migrates what ${file} runs, if you name it in \`database\``, 'know');
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
  const guess = httpPort({
    ...(facts.base !== undefined && { image: facts.base }),
    published: [],
    exposed: [],
    ofDockerfile: facts.ports,
    ...(facts.health && { health: facts.health.port }),
    mentioned: [],
    told: [],
  });
  if (!guess) return workerOf(facts, ask);
  const { port } = guess;
  askAboutGuess(guess, ask);
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

function workerOf({ ports }: DockerfileFacts, ask: Ask): Record<string, unknown> {
  askWhetherHttp(
    ports.map((port) => `${port}/tcp`),
    ask,
  );
  ask(
    'traffic',
    `${ports.length === 0 ? 'no port is exposed' : 'it exposes no port for HTTP'}, so it is taken for a worker, of which two versions must not run at once; if it answers requests, give \`port\` and \`routes\` instead`,
    { importance: 'decide' },
  );
  return { traffic: 'none', run: 'live-only' };
}

function healthOf(facts: DockerfileFacts, port: number, ask: Ask): Record<string, unknown> {
  if (facts.health && showsSecret(facts.health.path)) {
    askAboutSecretPath(ask);
    return {};
  }
  if (facts.health?.port === port) return { health: { endpoints: [{ path: facts.health.path }] } };
  if (!facts.hasHealthcheck)
    ask('port', 'which path tells that it is healthy? Without `health.endpoints` only that it runs is known');
  return {};
}
