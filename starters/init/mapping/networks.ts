import type { ComposeService } from '../compose/model';
import { shownPath } from '../compose/paths';
import type { Ask } from '../questions';
import {
  askOfFile,
  dockerName,
  mentions,
  namesOf,
  sharedNetworks,
  type Mapper,
  type Outside,
  type Released,
} from './context';
import { askAboutUnknown } from './unnamed';

interface Reaching {
  networks?: string[];
  hosts?: Record<string, string>;
}

const HOST_OF_DOCKER = 'host.docker.internal';

/** Through which networks a service reaches what stays under Compose, and which addresses it knows by name. */
export function reachingOf({ service }: Released, mapper: Mapper, ask: Ask): Reaching {
  const named = mapper.outside.filter((other) => mentions(service, other.service));
  const asked = named.filter(({ isRunning }) => isRunning);
  const needed = asked.filter(({ kind }) => kind !== 'router');
  const shared = needed.flatMap((other) => sharedNetworks(service, other.service));
  const external = service.networks.map(({ name }) => name).filter((name) => isForOthers(name, mapper));
  const networks = [...new Set([...shared, ...external])].map((name) => dockerName(name, mapper.project));
  const names = needed
    .filter((other) => sharedNetworks(service, other.service).length > 0)
    .map(({ service: { name } }) => name);
  if (names.length > 0)
    ask(
      'networks',
      `it reaches {items} under these names through ${networks.join(', ')}, where they stay; before the first release, too`,
      {
        items: names,
      },
    );
  const lost = needed.filter((other) => sharedNetworks(service, other.service).length === 0);
  if (lost.length > 0)
    ask('', 'it asks for {items}, which stays outside and is on no network with it; how does it reach it?', {
      importance: 'decide',
      items: lost.map(({ service: { name } }) => name),
    });
  askAboutRouters(asked, ask);
  askAboutAbsent(named, ask);
  askAboutUnknown(service, mapper, ask);
  const hosts = hostsOf(service);
  return {
    ...(networks.length > 0 && { networks }),
    ...(Object.keys(hosts).length > 0 && { hosts }),
  };
}

function askAboutRouters(asked: Outside[], ask: Ask): void {
  const routers = asked.filter(({ kind }) => kind === 'router').map(({ service }) => service.name);
  if (routers.length > 0)
    ask('env', 'it asks for {items}, whose place Spillway’s router takes: give it an address of the router', {
      importance: 'decide',
      items: routers,
    });
}

function askAboutAbsent(named: Outside[], ask: Ask): void {
  const absent = named.filter(({ isRunning }) => !isRunning).map(({ service }) => service.name);
  if (absent.length > 0)
    ask(
      'networks',
      'it asks for {items}, which Compose does not start by itself; if production has it, name its profile by `--profile` of `init`, or keep it running and write its network here',
      { importance: 'decide', items: absent },
    );
}

/** Networks of other projects are joined, except those on which only another router asks. */
function isForOthers(name: string, { project, outside }: Mapper): boolean {
  if (project.networks[name]?.external !== true) return false;
  const hasRouter = outside.some(
    ({ kind, service }) => kind === 'router' && service.networks.some((one) => one.name === name),
  );
  return !hasRouter && !/traefik|caddy|proxy|ingress|web-?gateway/i.test(`${name} ${dockerName(name, project)}`);
}

function hostsOf({ extraHosts, environment }: ComposeService): Record<string, string> {
  const hosts = Object.fromEntries(extraHosts);
  // Docker Desktop knows the name by itself, an engine on Linux does not.
  const asksMachine = environment.some(({ value }) => value?.text.includes(HOST_OF_DOCKER));
  return asksMachine && !(HOST_OF_DOCKER in hosts) ? { ...hosts, [HOST_OF_DOCKER]: 'host-gateway' } : hosts;
}

/** Says who stays outside and why, and what they must have to go on. */
export function askAboutOutside({ outside, released, questions, project }: Mapper): void {
  for (const { service, because, kind, isRunning, isKnown } of outside) {
    if (isRunning && kind !== undefined && kind !== 'router' && isKnown) continue;
    const { text, importance } = whyOutside(service.name, because, kind, isRunning, isKnown);
    askOfFile(questions, text, importance);
  }
  const running = outside
    .filter(({ isRunning, kind }) => isRunning && kind !== 'router')
    .map(({ service }) => service.name);
  const known = outside.filter(
    ({ isRunning, kind, isKnown }) => isRunning && isKnown && kind !== undefined && kind !== 'router',
  );
  if (known.length > 0)
    askOfFile(
      questions,
      'not released, since they hold data or serve the team: {items}; to release one all the same, write it under `services`',
      'know',
      known.map(({ service, kind, because }) => `${service.name} (${kind}: ${because.replace(/^its image is /, '')})`),
    );
  const replaced = [...released.filter(({ job }) => !job).map(({ service }) => service.name), ...routersIn(outside)];
  const compose = `docker compose${project.isFound ? '' : project.files.map((file) => ` -f ${shownPath(file)}`).join('')}`;
  if (running.length > 0)
    askOfFile(
      questions,
      `keep {items} running under Compose: \`${compose} up -d ${running.join(' ')}\`; what Spillway runs from now on must leave its ports: \`${compose} stop ${replaced.join(' ')}\``,
      'decide',
      running,
    );
  askAboutCallers(outside, released, questions);
}

function routersIn(outside: Outside[]): string[] {
  return outside.filter(({ kind, isRunning }) => kind === 'router' && isRunning).map(({ service }) => service.name);
}

function whyOutside(name: string, because: string, kind: Outside['kind'], isRunning: boolean, isKnown: boolean) {
  if (!isRunning) return { text: `${name} is left out, because ${because}`, importance: 'know' as const };
  if (kind === 'router')
    return {
      text: `${name} is left out (${because}): Spillway’s own router takes its place, so it must leave its ports, and what it did besides forwarding is done nowhere`,
      importance: 'decide' as const,
    };
  const what = kind === undefined ? '' : `, as a ${kind} does, and two versions must not share its data`;
  return {
    text: `${name} stays outside and keeps running under Compose, because ${because}${what}; if it may be released, write it under \`services\``,
    importance: isKnown ? ('know' as const) : ('decide' as const),
  };
}

/** Plain names of what is released are gone for those who stay. */
function askAboutCallers(outside: Outside[], released: Released[], questions: Mapper['questions']): void {
  for (const { service, isRunning, kind } of outside) {
    if (!isRunning || kind === 'router') continue;
    const called = released
      .filter((one) => !one.job && mentions(service, one.service))
      .flatMap((one) => namesOf(one.service)[0]!);
    if (called.length > 0)
      askOfFile(
        questions,
        `${service.name} stays outside and asks for {items}, whose plain names are gone: let it ask the router, at a port of \`routes\``,
        'decide',
        called,
      );
  }
}
