import type { ServiceConfig } from '../config';

// The engine gives every VOLUME of an image a volume without a name, and the next container a new one. So its data
// belongs to nobody once the container is gone.

export const SCRATCH = '/tmp';

/** Settings from an older version have neither `discard` nor `tmpfs`. */
interface Mounting {
  volumes: { target: string }[];
  discard?: string[];
  tmpfs?: string[];
  run?: ServiceConfig['run'];
}

/** Cleans a path as the engine does: `/data/` and `/data//` are `/data`. */
export function cleanPath(path: string): string {
  const parts: string[] = [];
  for (const part of path.split('/')) {
    if (part === '..') parts.pop();
    else if (part !== '' && part !== '.') parts.push(part);
  }
  return `/${parts.join('/')}`;
}

/** Returns where `tmpfs: [/run:size=64m]` mounts. */
export function tmpfsPath(text: string): string {
  return cleanPath(text.split(':')[0]!);
}

type Scratching = Pick<ServiceConfig, 'volumes' | 'tmpfs' | 'readOnlyRoot'>;

/** Says what makes `/tmp` writable where the root is not; undefined when nothing is mounted there beside `volumes`. */
export function scratchOf(config: Scratching, hasFiles: boolean): 'tmpfs' | 'volume' | undefined {
  if (!mayNeedScratch(config)) return undefined;
  return hasFiles ? 'volume' : 'tmpfs';
}

/** True when what the image has in `/tmp` decides what is mounted there. */
export function mayNeedScratch({ volumes, tmpfs, readOnlyRoot }: Scratching): boolean {
  return readOnlyRoot && tmpfs === undefined && !volumes.some(({ target }) => cleanPath(target) === SCRATCH);
}

export function isWithin(path: string, folder: string): boolean {
  return path === folder || path.startsWith(folder === '/' ? '/' : `${folder}/`);
}

/** True when the data at a path may go with the container: it is discarded by the file, or below `/tmp`. */
export function mayGo(path: string, discarded: string[]): boolean {
  const clean = cleanPath(path);
  return isWithin(clean, SCRATCH) || discarded.some((one) => cleanPath(one) === clean);
}

/** Returns the VOLUMEs whose data would be lost, though the configuration does not say that it may. */
export function looseVolumes(declared: string[], { volumes, discard, tmpfs = [] }: Mounting): string[] {
  const mounted = [...volumes.map(({ target }) => cleanPath(target)), ...tmpfs.map(tmpfsPath)];
  return [...new Set(declared.map(cleanPath))]
    .filter((path) => !mounted.includes(path) && !mayGo(path, discarded({ discard })))
    .sort();
}

export function discarded({ discard = [] }: Pick<Mounting, 'discard'>): string[] {
  return discard;
}

/** Names a volume so that no other app on the host has the same. */
export function volumeName(app: string, service: string, path: string): string {
  const slug = cleanPath(path)
    .slice(1)
    .replace(/[^a-zA-Z0-9_.-]+/g, '-');
  return `${app}-${service}-${slug}`;
}

/** Writes the lines that keep the data at these paths, or let it go. */
function waysOut(app: string, service: string, paths: string[], config: Mounting): string {
  const shared = config.run === 'live-only' ? '' : ', shared: true';
  const kept = paths.map((path) => `{ source: ${volumeName(app, service, path)}, target: ${quoted(path)}${shared} }`);
  const added = config.volumes.length > 0 ? ', beside those that are there,' : '';
  return (
    `under services.${service} write \`volumes: [${kept.join(', ')}]\`${added} to keep it in a volume with a name, ` +
    `or \`discard: [${[...discarded(config), ...paths].map(quoted).join(', ')}]\` to lose it with each version`
  );
}

function quoted(path: string): string {
  return /^[\w./-]+$/.test(path) ? path : JSON.stringify(path);
}

/** Says why an image may not run with this configuration; undefined when all of its data has a place. */
export function volumeMistake(declared: string[], app: string, service: string, config: Mounting): string | undefined {
  const loose = looseVolumes(declared, config);
  if (loose.length === 0) return undefined;
  return (
    `expected a place for the data of every VOLUME of the image, seen none for ${loose.join(', ')}: the next release ` +
    `would begin with nothing there; ${waysOut(app, service, loose, config)}`
  );
}
