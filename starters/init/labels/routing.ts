import type { Importance } from '../questions';

export interface Route {
  port: number;
  host?: string;
  path?: string;
  exact?: true;
}

/** What labels or variables for another router say about a service. */
export interface Routing {
  /** The router that reads them, as people call it. */
  router: string;
  routes: Route[];
  /** Port of the container, where they say it. */
  port?: number;
  doubts: { text: string; importance: Importance }[];
}

/** A name, or `*.` and the end of names. */
const HOST = /^(\*\.)?[a-z0-9_]([a-z0-9._-]{0,251}[a-z0-9_])?$/;

/** Answers undefined for a pattern, or an address that is no host name. */
export function hostOf(text: string): string | undefined {
  const host = text.trim().toLowerCase();
  return HOST.test(host) ? host : undefined;
}

/** Answers undefined for a pattern. */
export function pathOf(text: string): string | undefined {
  return /^\/[^\s*{}^$]*$/.test(text) ? text : undefined;
}

export function portOf(text: unknown): number | undefined {
  const port = Number(String(text ?? '').trim() || Number.NaN);
  return Number.isInteger(port) && port >= 1 && port <= 65_535 ? port : undefined;
}

export function routeOf(port: number, host?: string, path?: string, exact = false): Route {
  const isAll = path === undefined || (path === '/' && !exact);
  return { port, ...(host !== undefined && { host }), ...(!isAll && { path }), ...(exact && { exact }) };
}

export function unique(routes: Route[]): Route[] {
  const seen = new Map(
    routes.map((route) => [`${route.host ?? ''}:${route.port}${route.path ?? ''}${route.exact ? '=' : ''}`, route]),
  );
  return [...seen.values()];
}

export const CERTIFICATES =
  'the router needs certificates for port 443: name their folder in `router.tls`; nothing here orders them';
