import type { ServiceConfig } from '../config';

/*
 * Which data of a container outlives it. The engine gives every VOLUME of an image a volume without a name, and the next
 * container a new one: what is in it belongs to nobody once its container is gone.
 */

/** Where nobody expects to find anything again. */
const SCRATCH = '/tmp';

/** What of a service says where its data is; what was asked of an older version has no `discard`. */
export interface Mounting {
  volumes: { target: string }[];
  discard?: string[];
  run?: ServiceConfig['run'];
}

/** A path in a container as the engine understands it: `/data/` and `/data//` are `/data`. */
export function cleanPath(path: string): string {
  const parts: string[] = [];
  for (const part of path.split('/')) {
    if (part === '..') parts.pop();
    else if (part !== '' && part !== '.') parts.push(part);
  }
  return `/${parts.join('/')}`;
}

/** Whether a path is this folder, or lies in it. */
export function isWithin(path: string, folder: string): boolean {
  return path === folder || path.startsWith(folder === '/' ? '/' : `${folder}/`);
}

/** Whether what a container has at a path may go with it: the file says so of exactly this path, or it is below `/tmp`. */
export function mayGo(path: string, discarded: string[]): boolean {
  const clean = cleanPath(path);
  return isWithin(clean, SCRATCH) || discarded.some((one) => cleanPath(one) === clean);
}

/** Those paths of an image's VOLUMEs at which the configuration mounts nothing, and whose data it does not let go. */
export function looseVolumes(declared: string[], { volumes, discard }: Mounting): string[] {
  const mounted = volumes.map(({ target }) => cleanPath(target));
  return [...new Set(declared.map(cleanPath))]
    .filter((path) => !mounted.includes(path) && !mayGo(path, discarded({ discard })))
    .sort();
}

/** Paths that the file lets go. */
export function discarded({ discard = [] }: Pick<Mounting, 'discard'>): string[] {
  return discard;
}

/** A name for the data that a service keeps at a path, which no other app on the host has. */
export function volumeName(app: string, service: string, path: string): string {
  const slug = cleanPath(path)
    .slice(1)
    .replace(/[^a-zA-Z0-9_.-]+/g, '-');
  return `${app}-${service}-${slug}`;
}

/** What somebody writes under a service to keep the data at these paths, or to let it go. */
export function waysOut(app: string, service: string, paths: string[], config: Mounting): string {
  const shared = config.run === 'live-only' ? '' : ', shared: true';
  const kept = paths.map((path) => `{ source: ${volumeName(app, service, path)}, target: ${quoted(path)}${shared} }`);
  const added = config.volumes.length > 0 ? ', beside those that are there,' : '';
  return (
    `under services.${service} write \`volumes: [${kept.join(', ')}]\`${added} to keep it in a volume with a name, ` +
    `or \`discard: [${[...discarded(config), ...paths].map(quoted).join(', ')}]\` to lose it with each version`
  );
}

/** A path as YAML takes it inside of brackets. */
function quoted(path: string): string {
  return /^[\w./-]+$/.test(path) ? path : JSON.stringify(path);
}

/** Why an image may not run with this configuration; undefined when all of its data has a place. */
export function volumeMistake(declared: string[], app: string, service: string, config: Mounting): string | undefined {
  const loose = looseVolumes(declared, config);
  if (loose.length === 0) return undefined;
  return (
    `expected a place for the data of every VOLUME of the image, seen none for ${loose.join(', ')}: the next release ` +
    `would begin with nothing there; ${waysOut(app, service, loose, config)}`
  );
}
