import type { AppConfig, ServiceConfig } from '../config';
import type { Finding } from '../preflight';
import { cleanPath, discarded, isWithin, mayGo, volumeName } from './volumes';

export interface HeldData {
  container: string;
  service: string;
  version: string;
  /** Volumes that the engine made for it alone. */
  anonymous: { volume: string; path: string; accepted: boolean; stays: boolean }[];
  mounted: { source: string; target: string }[];
  /** Files that it made or changed outside of volumes. */
  changed: string[];
}

interface NextVersion {
  config: Pick<AppConfig, 'app' | 'services'>;
  /** Volumes and folders that hold something already. */
  filled: string[];
  /** True when live containers are copied as a fresh baseline. */
  copies: boolean;
  /** Volumes to which a container of another environment writes. */
  sharing: { source: string; container: string }[];
}

const NAMED = 5;

/** Programs keep there what they can do without. */
const SCRATCH = [
  '/tmp',
  '/run',
  '/var/run',
  '/var/tmp',
  '/var/log',
  '/var/cache',
  '/var/lock',
  '/dev',
  '/proc',
  '/sys',
];
const SCRATCH_NAME = /\/(\.cache|\.npm|__pycache__|node_modules\/\.cache)(\/|$)|\.(pyc|pid|sock|lock|log)$/;
const ENGINES = ['/etc/hosts', '/etc/hostname', '/etc/resolv.conf', '/etc/mtab', '/.dockerenv'];

/** Fails when data of the live version would be lost; warns of data that stays behind on purpose, or may be lost. */
export function judgeData(live: HeldData[], next: NextVersion): Finding {
  const problems = live.flatMap((held) => [...leftBehind(held, next), ...notCopied(held, next)]);
  if (problems.length > 0) return { problem: problems.join('\n') };
  const warnings = [
    ...live.flatMap((held) => [...begunAnew(held, next), ...unmounted(held, next), ...written(held)]),
    ...next.sharing.map(
      ({ source, container }) =>
        `${container} of another environment writes to ${source}, too: give each a volume of its own under \`environments\`, ` +
        'unless they are meant to share it',
    ),
  ];
  if (warnings.length > 0) return { note: [...new Set(warnings)].join('\n'), warning: true };
  return { note: live.length === 0 ? 'nothing is live' : 'the new version gets all the data that is live' };
}

function leftBehind({ container, service, anonymous }: HeldData, next: NextVersion): string[] {
  const own = next.config.services[service];
  if (!own) return [];
  return anonymous
    .filter(({ path, volume, stays }) => stays && !isCarried(own, path, volume, next) && !mayGo(path, discarded(own)))
    .map(({ path, volume }) => {
      const shared = own.run === 'live-only' ? '' : ', shared: true';
      const name = volumeName(next.config.app, service, path);
      return (
        `expected the new version to get what ${container} has in ${path}, seen it in a volume that the engine made for ` +
        `that container alone, ${volume}: the new version would begin with nothing there. Under services.${service} write ` +
        `\`volumes: [{ source: ${volume}, target: ${path}${shared} }]\` to give it that volume; or copy it to one with a name by ` +
        `\`docker run --rm -v ${volume}:/from:ro -v ${name}:/to busybox cp -a /from/. /to/\` and write \`source: ${name}\`; ` +
        `or write \`discard: [${path}]\` to begin anew: the volume is kept even so`
      );
    });
}

function isCarried({ volumes }: ServiceConfig, path: string, volume: string, { filled }: NextVersion): boolean {
  const mount = mountAt(volumes, path);
  return mount !== undefined && (mount.source === volume || filled.includes(mount.source));
}

export function mountAt(volumes: ServiceConfig['volumes'], path: string): ServiceConfig['volumes'][number] | undefined {
  return volumes.find(({ target }) => cleanPath(target) === cleanPath(path));
}

/** A copy gets new, empty volumes, and what visitors write to them goes with the copy. */
function notCopied({ container, service, anonymous }: HeldData, { copies, config }: NextVersion): string[] {
  if (!copies || config.services[service]?.run === 'live-only') return [];
  return anonymous
    .filter(({ stays }) => stays)
    .map(
      ({ path }) =>
        `expected containers whose copies have the same data because of \`canary.baseline: fresh\`, seen ${container} with ` +
        `data in ${path} that only it has, so a copy would begin with none and lose what visitors write: write \`baseline: live\` for this release`,
    );
}

function begunAnew({ service, version, anonymous }: HeldData, next: NextVersion): string[] {
  const own = next.config.services[service];
  const lost = anonymous.filter(({ path, accepted }) => accepted && !mayGo(path, own ? discarded(own) : []));
  const kept = anonymous.filter(
    ({ stays, path, volume }) => stays && mountAt(own?.volumes ?? [], path)?.source !== volume,
  );
  return [
    ...kept.map(
      ({ path, volume }) =>
        `what ${version} of ${service} has in ${path} stays behind in volume ${volume}, which is kept`,
    ),
    ...lost.map(
      ({ path, volume }) =>
        `what ${version} of ${service} has in ${path} goes with it, as \`discard\` said when it was released: save volume ${volume} before if you need it`,
    ),
  ];
}

function unmounted({ service, version, mounted }: HeldData, { config }: NextVersion): string[] {
  const volumes = config.services[service]?.volumes ?? [];
  return mounted
    .filter(({ source }) => !volumes.some((volume) => same(volume.source, source)))
    .map(({ source, target }) => {
      const now = mountAt(volumes, target);
      const instead = now ? `mounts ${now.source} there` : 'mounts nothing there';
      return `${version} of ${service} has ${source} at ${target}, and the new version ${instead}: ${source} stays, with its data`;
    });
}

function same(one: string, other: string): boolean {
  return one === other || (one.startsWith('/') && cleanPath(one) === cleanPath(other));
}

function written({ container, mounted, anonymous, changed }: HeldData): string[] {
  const places = [...mounted.map(({ target }) => target), ...anonymous.map(({ path }) => path)].map(cleanPath);
  const files = changed.filter((path) => isWorthKeeping(path, places)).sort();
  if (files.length === 0) return [];
  const more = files.length > NAMED ? ` and ${files.length - NAMED} more` : '';
  return [
    `${container} wrote ${files.slice(0, NAMED).join(', ')}${more} outside of its volumes, which is lost when it is removed: ` +
      'mount a volume there if you need it, or set `readOnlyRoot: true` if not',
  ];
}

function isWorthKeeping(path: string, places: string[]): boolean {
  if (SCRATCH.some((folder) => isWithin(path, folder)) || SCRATCH_NAME.test(path) || ENGINES.includes(path))
    return false;
  return !places.some((place) => isWithin(path, place) || isWithin(place, path));
}
