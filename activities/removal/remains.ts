import type { Io } from '../../domain/host';
import type { Owned } from '../../domain/ownership';
import { GROUPS, type PinnedImage } from '../../domain/release';
import type { Remains, RemovalOptions } from '../../domain/removal';
import { formatCount } from '../../domain/units';
import type { State } from '../../state/state';
import type { Found } from '../../targets/leaving';
import { ConfigurationFailure } from '../../domain/failures';
import { backupsAmong } from '../backup/names';
import type { OpenParts } from '../io';
import { keptVolumes } from '../kept-volumes';
import type { Parts } from '../parts';
import type { Step } from '../steps';

/** Images of releases before these have been pruned long ago. */
const RELEASES_LOOKED_AT = 500;
const PAGE = 50;

/** Names volumes that only containers knew, which are gone by the time of a second try. */
const NOTE = 'removal.json';

export interface Place extends OpenParts {
  release: Owned<Step['release']>;
}

type Input = Pick<Step, 'config' | 'projectDirectory'> & { options: RemovalOptions };

export async function lookAt(parts: Parts, input: Input, place: Place): Promise<Remains> {
  const { config, options } = input;
  const { target, state, io, release } = place;
  const [images, volumes, backups, routes, documents] = await Promise.all([
    pinned(state, io),
    candidates(input, place),
    backupsOf(parts, input, place),
    routesOf(config, place),
    state.documents.list('', io),
  ]);
  const found = await target.leaving.look(release, { images, volumes }, io);
  const isKept = options.keepLedger || documents.filter((name) => name !== 'backups' && name !== 'lock').length === 0;
  const ledger = { from: state.documents.placeOf(''), to: state.archive.placeOf(release.id) };
  return {
    containers: found.containers,
    networks: found.networks,
    ...routes,
    images: found.images,
    volumes: options.volumes ? found.volumes : [],
    backups: options.backups ? backups.names : [],
    ...(!isKept && { ledger }),
    stays: staying({ found, backups, place, input, kept: options.keepLedger && documents.length > 0 }),
  };
}

/** Notes before the first container goes what only containers know. */
export async function note(input: Input, place: Place): Promise<void> {
  const volumes = await candidates(input, place);
  await place.state.documents.write(NOTE, `${JSON.stringify(volumes)}\n`, place.io);
}

interface Staying {
  found: Found;
  backups: Backups;
  place: Place;
  input: Input;
  kept: boolean;
}

function staying({ found, backups, place, input, kept }: Staying): string[] {
  const { options, config } = input;
  const { target, state } = place;
  const volumes = options.volumes ? [] : found.volumes;
  const databases = Object.keys(config.databases ?? {});
  return [
    ...found.inUse.map(({ name, by }) => `${name} stays, because container ${by} uses it`),
    ...volumes.map(
      (name) => `volume ${name} stays; \`${target.volumes.removalCommand(name)}\` removes it, or --volumes`,
    ),
    ...(options.backups || backups.names.length === 0
      ? []
      : [`${formatCount(backups.count, 'backup')} in ${backups.place} stay; --backups removes them`]),
    ...(kept ? [`the ledger stays in ${state.documents.placeOf('')}`] : []),
    ...(databases.length > 0 || config.database ? ['databases stay; Spillway never removes one'] : []),
  ];
}

/** Those of the configuration, those that containers have, and those that containers have left. */
async function candidates({ config }: Input, { target, state, release, io }: Place): Promise<string[]> {
  const noted = parseNote(state, await state.documents.read(NOTE, io));
  const held = (await Promise.all(GROUPS.map((group) => target.volumes.heldBy(release, group, io)))).flat();
  const named = [
    ...Object.values(config.services).flatMap(({ volumes }) => volumes.map(({ source }) => source)),
    ...held.flatMap(({ mounted }) => mounted.map(({ source }) => source)),
  ];
  const anonymous = held.flatMap((one) => one.anonymous.map(({ volume }) => volume));
  const all = [...named, ...anonymous, ...(await keptVolumes({ target, state, io })), ...noted];
  return [...new Set(all.filter((source) => !source.startsWith('/')))].sort();
}

function parseNote({ documents }: State, text: string | undefined): string[] {
  try {
    return JSON.parse(text ?? '[]') as string[];
  } catch {
    throw new ConfigurationFailure(
      `expected a list of volumes as JSON in ${documents.placeOf(NOTE)} on the target, seen something else: move it away`,
    );
  }
}

async function pinned({ ledger }: State, io: Io): Promise<PinnedImage[]> {
  const images = new Map<string, PinnedImage>();
  let before: string | undefined;
  for (let seen = 0; seen < RELEASES_LOOKED_AT;) {
    const entries = await ledger.page({ limit: PAGE, ...(before !== undefined && { before }) }, io);
    if (entries.length === 0) break;
    for (const image of entries.flatMap((entry) => entry.images))
      images.set(`${image.reference} ${image.digest}`, image);
    seen += entries.length;
    before = entries.at(-1)!.release.id;
  }
  return [...images.values()];
}

interface Backups {
  names: string[];
  count: number;
  place: string;
}

async function backupsOf(parts: Parts, input: Input, { release, io }: Place): Promise<Backups> {
  const store = await parts.store({ ...input, release });
  const names = [...(await store.list(io)).keys()];
  return { names, count: backupsAmong(names).length, place: store.place };
}

async function routesOf({ services }: Step['config'], { router, release, io }: Place) {
  const known = await router.environments(io);
  const others = known.filter(({ app, environment }) => app !== release.app || environment !== release.environment);
  if (others.length === known.length) return { ports: [], routerGoes: false };
  const ports = Object.values(services).flatMap(({ routes }) => routes.map(({ port }) => port));
  const routerGoes = others.length === 0 && router.image !== undefined;
  return { ports: [...new Set(ports)].sort((a, b) => a - b), routerGoes };
}
