import type { RouteConfig } from './config';

/*
 * How hosts and paths of routes match requests. The configuration, preflight and every router ask here, so that a
 * request reaches the same service whichever router there is.
 */

/** What routes are compared by; two routes with the same are for the same requests. */
export interface PlainRoute {
  port: number;
  /** A name, an address, or `*.` and the end of names; absent for any host. */
  host?: string;
  /** Starts with `/`. A prefix ends in none, unless it is `/`. */
  path: string;
  exact: boolean;
}

export function plainRoute({ port, host, path = '/', exact = false }: RouteConfig): PlainRoute {
  return { port, ...(host && { host: plainHost(host) }), path: plainPath(path, exact), exact };
}

/** In lower case, without a last dot; an IPv6 address stands in brackets, as in a request, and in its short form. */
export function plainHost(host: string): string {
  const plain = host.toLowerCase().replace(/\.$/, '');
  const address = plain.replace(/^\[(.*)\]$/, '$1');
  if (!/^[0-9a-f.]*:[0-9a-f.]*:[0-9a-f:.]*$/.test(address) || !URL.canParse(`http://[${address}]/`)) return plain;
  return new URL(`http://[${address}]/`).hostname;
}

/**
 * Several slashes are one, and a character is the same as its percent-code. Only an encoded slash stays what it is,
 * because it is no border between segments. The last slash counts only in an exact path.
 */
export function plainPath(path: string, exact: boolean): string {
  const merged = plainCharacters(path).replace(/\/+/g, '/');
  return exact || merged === '/' ? merged : merged.replace(/\/$/, '');
}

/** Characters that stand for themselves in a path; all others are written as their percent-codes. */
const PLAIN = /[A-Za-z0-9._~!$&'()*+,;=:@-]/;

function plainCharacters(path: string): string {
  return path.replace(/%([0-9a-f]{2})|[^A-Za-z0-9/%._~!$&'()*+,;=:@-]/giu, (found: string, code?: string) => {
    // Half of a pair has no code; it is read as the character that stands for what cannot be read.
    if (code === undefined) return encodeURIComponent(/\p{Cs}/u.test(found) ? '\uFFFD' : found);
    const character = String.fromCharCode(parseInt(code, 16));
    return PLAIN.test(character) ? character : found.toUpperCase();
  });
}

/** Answers pairs of those that are for the same requests, the earlier one first. */
export function routeConflicts<Owned extends { route: RouteConfig }>(all: readonly Owned[]): [Owned, Owned][] {
  const first = new Map<string, Owned>();
  return all.flatMap((one): [Owned, Owned][] => {
    const { port, host = '', path, exact } = plainRoute(one.route);
    const key = `${port} ${host} ${exact ? 'exact' : 'from'} ${path}`;
    const earlier = first.get(key);
    if (earlier) return [[earlier, one]];
    first.set(key, one);
    return [];
  });
}

/**
 * Sorts routes of a port so that the first that fits has the request: a name before a wildcard, a longer wildcard
 * before a shorter one, any host last; of the same host an exact path before a prefix, a longer one before a shorter.
 */
export function moreParticular(a: RouteConfig, b: RouteConfig): number {
  const [ofA, ofB] = [plainRoute(a), plainRoute(b)];
  return hostRank(ofB) - hostRank(ofA) || Number(ofB.exact) - Number(ofA.exact) || ofB.path.length - ofA.path.length;
}

function hostRank({ host }: PlainRoute): number {
  if (host === undefined) return 0;
  return isWildcard(host) ? host.length : Infinity;
}

export function isWildcard(host: string): boolean {
  return host.startsWith('*.');
}

/** Whether the route is for requests of this path, which may have a query. */
export function takesPath(route: RouteConfig, asked: string): boolean {
  const { path, exact } = plainRoute(route);
  const seen = plainPath(asked.replace(/[?#].*$/s, ''), exact);
  return seen === path || (!exact && (path === '/' || seen.startsWith(`${path}/`)));
}

/** A host that a request for this route may name; undefined where any does. */
export function hostFor(route: RouteConfig): string | undefined {
  return plainRoute(route).host?.replace(/^\*\./, 'spillway.');
}

export function describeRoute(route: RouteConfig): string {
  const { port, host, path, exact } = plainRoute(route);
  const paths = exact ? `only path ${path}` : path === '/' ? 'any path' : `paths from ${path}`;
  return `port ${port}, ${host === undefined ? 'any host' : `host ${host}`}, ${paths}`;
}
