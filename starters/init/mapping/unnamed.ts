import type { ComposeService } from '../compose/model';
import type { OutsideKind } from '../outside/images';
import type { Ask } from '../questions';
import { askOfFile, dockerName, mentions, sharedNetworks, type Mapper, type Outside } from './context';

const DATA = new Set<OutsideKind | undefined>([
  'database',
  'cache',
  'queue',
  'search engine',
  'object store',
  'registry of data',
]);
/** They look at the data of others, whoever needs it. */
const ONLOOKERS = new Set<OutsideKind | undefined>(['part of the monitoring', 'tool of the team', 'router']);

/** Variables whose values are addresses, or files with one. */
const ADDRESS =
  /(url|urls|uri|uris|dsn|host|hosts|hostname|host_?name|addr|address|servers?|brokers?|endpoints?|connection|connection_?string)(_FILE)?$/i;

/** Asks about data services on its networks, when what would name them had no value here. */
export function askAboutUnknown(service: ComposeService, mapper: Mapper, ask: Ask): void {
  const unknown = unknownOf(service);
  const near = unreachedBy(service, mapper);
  if (unknown.length === 0 || near.length === 0) return;
  ask(
    'networks',
    `what ${unknown.join(', ')} would say is not known here, so it may ask for {items}; if it does, write \`networks: [${networksTo(near, service, mapper).join(', ')}]\``,
    { importance: 'decide', items: near.map((other) => other.service.name) },
  );
}

/** Asks about data services that nothing names: a file in an image may do so. */
export function askAboutUnnamed(mapper: Mapper): void {
  const { released, outside, questions } = mapper;
  const callers = [
    ...released.map(({ service }) => service),
    ...outside.filter(({ kind }) => !ONLOOKERS.has(kind)).map(({ service }) => service),
  ];
  const unnamed = outside.filter(
    ({ service, kind }) => DATA.has(kind) && !callers.some((caller) => caller !== service && mentions(caller, service)),
  );
  if (unnamed.length === 0) return;
  const items = released
    .filter(({ service }) => unknownOf(service).length === 0)
    .flatMap(({ service }) =>
      unreachedBy(service, mapper)
        .filter((other) => unnamed.includes(other))
        .map((other) => `${other.service.name} (${networksTo([other], service, mapper).join(', ')})`),
    );
  if (items.length === 0) return;
  askOfFile(
    questions,
    'no service names {items} as a host; if one asks for it all the same, as by a file in its image, write `networks: [NETWORK]` there, with the network in brackets',
    'decide',
    [...new Set(items)],
  );
}

/** Data services on its networks that it does not name, and does not reach for the sake of another one. */
function unreachedBy(service: ComposeService, { outside, project }: Mapper): Outside[] {
  const running = outside.filter(({ isRunning, kind }) => isRunning && kind !== 'router');
  const joined = running
    .filter((other) => mentions(service, other.service))
    .flatMap((other) => sharedNetworks(service, other.service));
  return running.filter((other) => {
    const shared = sharedNetworks(service, other.service);
    const isReached = shared.some((name) => joined.includes(name) || project.networks[name]?.external === true);
    return DATA.has(other.kind) && shared.length > 0 && !isReached;
  });
}

function networksTo(others: Outside[], service: ComposeService, { project }: Mapper): string[] {
  const names = others.flatMap((other) => sharedNetworks(service, other.service).slice(0, 1));
  return [...new Set(names)].map((name) => dockerName(name, project));
}

/** Variables and files of which nobody could see whom they name. */
function unknownOf({ environment, envFiles }: ComposeService): string[] {
  const files = envFiles.filter(({ required, exists }) => required && !exists).map(() => '`env_file`');
  const variables = environment.flatMap(({ name, value }) => {
    const parts = (value?.missing ?? []).filter((part) => ADDRESS.test(part));
    const isEmpty = value?.text === '' && value.pieces.some(({ variable }) => variable !== undefined);
    return parts.length > 0 || !ADDRESS.test(name) || (value && !isEmpty && !/_FILE$/i.test(name)) ? parts : [name];
  });
  return [...new Set([...files, ...variables])];
}
