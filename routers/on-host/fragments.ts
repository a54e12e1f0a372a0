import { createHash } from 'node:crypto';
import type { RouteConfig } from '../../domain/config';
import { ConfigurationFailure } from '../../domain/failures';
import type { Io } from '../../domain/host';
import type { Scope } from '../../domain/release';
import { describeRoute, moreParticular, routeConflicts } from '../../domain/routes';
import type { WireLimits } from '../../domain/router';
import type { Endpoint } from '../../domain/endpoint';
import type { Routing } from '../router';
import type { Folder } from './folder';

/** An address as seen from the host. */
export interface Place {
  address: string;
  port: number;
}

/** It is written to disk, where routers of older versions of Spillway read it too. */
export type HostRouting = Routing<Place>;

export interface Fragment<Tls> {
  routing: HostRouting;
  tls?: Tls & { ports: number[] };
  /** HTML to show when no version answers. */
  errorPage?: string;
  /** Absent for the standard. */
  limits?: WireLimits;
  /** Ranges of those who may say who the visitor is. */
  trustedProxies?: string[];
}

export interface Entry {
  scope: Scope;
  service: string;
  route: RouteConfig;
}

/** It names files, backends and tables. Names have no dots, so the key is unambiguous. */
export function scopeKey({ app, environment }: Scope): string {
  return `${app}.${environment}`;
}

/** The error page is kept beside the routing, as older versions read it. */
export function onHost({ services, errorPage: _page, ...routing }: Routing): HostRouting {
  const places = (endpoints: Endpoint[]): Place[] => endpoints.map(({ address, port }) => ({ address, port }));
  return {
    ...routing,
    services: services.map(({ slots: { blue, green }, baseline, ...service }) => ({
      ...service,
      slots: { blue: places(blue), green: places(green) },
      ...(baseline && { baseline: places(baseline) }),
    })),
  };
}

function pathOf(directory: string, scope: Scope): string {
  return `${directory}/apps/${scopeKey(scope)}.json`;
}

export async function readFragments<Tls>({ host, directory }: Folder, io: Io): Promise<Fragment<Tls>[]> {
  const names = (await host.listFiles(`${directory}/apps`, io)).filter((name) => name.endsWith('.json'));
  const texts = await Promise.all(names.map((name) => host.readFile(`${directory}/apps/${name}`, io)));
  return texts.flatMap((text, index) =>
    text === undefined ? [] : [parsed<Tls>(text, `${directory}/apps/${names[index]}`)],
  );
}

export async function environmentsIn(folder: Folder, io: Io): Promise<Scope[]> {
  return (await readFragments(folder, io)).map(({ routing }) => routing.scope);
}

/** @throws ConfigurationFailure when something else than Spillway changed the file */
function parsed<Tls>(text: string, path: string): Fragment<Tls> {
  try {
    return JSON.parse(text) as Fragment<Tls>;
  } catch (cause) {
    throw new ConfigurationFailure(
      `expected what Spillway wrote of an environment in ${path}, seen no JSON; remove the file, and release that environment again`,
      { cause },
    );
  }
}

export async function writeFragment<Tls>({ host, directory }: Folder, fragment: Fragment<Tls>, io: Io) {
  const path = pathOf(directory, fragment.routing.scope);
  const text = `${JSON.stringify(fragment, undefined, 2)}\n`;
  if ((await host.readFile(path, io)) !== text) await host.writeFile(path, text, io);
}

export function removeFragment({ host, directory }: Folder, scope: Scope, io: Io): Promise<void> {
  return host.removeFile(pathOf(directory, scope), io);
}

export function withFragment<Tls>(all: Fragment<Tls>[], fragment: Fragment<Tls>): Fragment<Tls>[] {
  const key = (one: Fragment<Tls>) => scopeKey(one.routing.scope);
  const others = all.filter((one) => key(one) !== key(fragment));
  return [...others, fragment].sort((a, b) => (key(a) < key(b) ? -1 : 1));
}

/** @throws ConfigurationFailure when two services claim the same requests, or disagree on whether a port speaks TLS. */
export function entriesByPort<Tls>(fragments: Fragment<Tls>[]): Map<number, Entry[]> {
  const ports = new Map<number, Entry[]>();
  for (const { routing } of fragments) {
    for (const { service, routes } of routing.services) {
      for (const route of routes) {
        const entry = { scope: routing.scope, service, route };
        ports.set(route.port, [...(ports.get(route.port) ?? []), entry]);
      }
    }
  }
  for (const [port, entries] of ports) {
    refuseTwice(entries);
    refuseHalfTls(port, entries, fragments);
    entries.sort((a, b) => moreParticular(a.route, b.route));
  }
  return new Map([...ports].sort(([a], [b]) => a - b));
}

/** What those with routes on the port say of TLS; nothing when it does not speak TLS. Their certificates may differ. */
export function tlsOf<Tls>(port: number, fragments: Fragment<Tls>[]): (Tls & { ports: number[] })[] {
  return fragments.flatMap(({ routing: { services }, tls }) => {
    const isUsed = services.some(({ routes }) => routes.some((route) => route.port === port));
    return tls?.ports.includes(port) && isUsed ? [tls] : [];
  });
}

export function fragmentOf<Of extends Pick<Fragment<unknown>, 'routing'>>(
  { scope }: Pick<Entry, 'scope'>,
  all: Of[],
): Of {
  return all.find(({ routing }) => scopeKey(routing.scope) === scopeKey(scope))!;
}

export function serviceOf({ service }: Entry, { routing }: Pick<Fragment<unknown>, 'routing'>) {
  return routing.services.find((one) => one.service === service)!;
}

export function contentHash(texts: string[]): string {
  return createHash('sha256').update(texts.join('\0')).digest('hex').slice(0, 16);
}

function refuseTwice(entries: Entry[]): void {
  const [conflict] = routeConflicts(entries);
  if (!conflict) return;
  const [earlier, later] = conflict;
  throw new ConfigurationFailure(
    `expected each route of the router to lead to one service, seen that ${describeRoute(later.route)} is claimed by ` +
      `${name(earlier)} and by ${name(later)}; give one of them another port, host or path`,
  );
}

function refuseHalfTls<Tls>(port: number, entries: Entry[], fragments: Fragment<Tls>[]): void {
  const keys = new Set(entries.map((entry) => scopeKey(entry.scope)));
  const users = fragments.filter((one) => keys.has(scopeKey(one.routing.scope)));
  const speaking = users.filter((one) => one.tls?.ports.includes(port));
  if (speaking.length === 0 || speaking.length === users.length) return;
  const silent = users.filter((one) => !speaking.includes(one)).map((one) => scopeKey(one.routing.scope));
  throw new ConfigurationFailure(
    `expected all that share port ${port} to agree on TLS, seen that ${speaking.map((one) => scopeKey(one.routing.scope)).join(', ')} ` +
      `wants it and ${silent.join(', ')} does not; list the port in router.tls.ports of all, or use another port`,
  );
}

function name({ scope, service }: Entry): string {
  return `${scope.app}/${scope.environment} ${service}`;
}
