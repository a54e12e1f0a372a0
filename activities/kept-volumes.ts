import { ConfigurationFailure } from '../domain/failures';
import type { Group } from '../domain/release';
import type { Removal } from '../targets/groups';
import type { StepParts } from './io';
import { longestGrace } from './routing';
import type { Step } from './steps';

/** An anonymous volume outlives its container when it holds data. */
interface KeptVolume {
  volume: string;
  path: string;
  service: string;
  version: string;
  by: string;
}

type Place = Pick<StepParts, 'target' | 'state' | 'io' | 'release'>;

const DOCUMENT = 'kept-volumes.json';
type Settings = Pick<Step, 'config'>;

/** Lists the volumes that stay before the removal, so that a crash loses track of none. */
export async function removeContainers(
  settings: Settings,
  { group, releaseId }: Pick<Removal, 'group' | 'releaseId'>,
  place: Place,
): Promise<string[]> {
  await noteKept(settings, group, (id) => releaseId === undefined || id === releaseId, place);
  const removal = { scope: place.release, group, releaseId, grace: longestGrace(settings.config) };
  return place.target.groups.remove(removal, place.io);
}

export async function noteKept(
  settings: Settings,
  group: Group,
  isRemoved: (releaseId: string) => boolean,
  place: Place,
): Promise<void> {
  const { target, state, release, io } = place;
  const held = (await target.volumes.heldBy(release, group, io)).filter(({ releaseId }) => isRemoved(releaseId));
  const found = held.flatMap(({ service, version, anonymous }) =>
    anonymous
      .filter(({ volume, stays }) => stays && !isMounted(volume, settings))
      .map(({ volume, path }) => ({ volume, path, service, version, by: release.id })),
  );
  if (found.length === 0) return;
  const known = (await present(place)).filter(({ volume }) => found.every((one) => one.volume !== volume));
  await state.documents.write(DOCUMENT, `${JSON.stringify([...known, ...found], null, 2)}\n`, io);
}

/** The new version may mount the volume by its name, and then owns it. */
function isMounted(volume: string, { config }: Settings): boolean {
  return Object.values(config.services).some(({ volumes }) => volumes.some(({ source }) => source === volume));
}

/** Volumes that outlived their containers. */
export async function keptVolumes(place: Omit<Place, 'release'>): Promise<string[]> {
  return (await present(place)).map(({ volume }) => volume);
}

export async function keptBy(place: Place): Promise<string[]> {
  return (await present(place))
    .filter(({ by }) => by === place.release.id)
    .map(
      ({ volume, path, service, version }) =>
        `volume ${volume} is kept, with what ${version} of ${service} had in ${path}; \`${place.target.volumes.removalCommand(volume)}\` removes it`,
    );
}

async function present({ target, state, io }: Omit<Place, 'release'>): Promise<KeptVolume[]> {
  const text = await state.documents.read(DOCUMENT, io);
  const kept = text === undefined ? [] : parse(state.documents.placeOf(DOCUMENT), text);
  const isThere = await Promise.all(kept.map(({ volume }) => target.volumes.holdsData(volume, io)));
  return kept.filter((_, index) => isThere[index]);
}

function parse(path: string, text: string): KeptVolume[] {
  try {
    return JSON.parse(text) as KeptVolume[];
  } catch {
    throw new ConfigurationFailure(
      `expected a list of volumes as JSON in ${path} on the target, seen something else: put it right, or move it away`,
    );
  }
}
