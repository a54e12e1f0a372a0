import type { RouteConfig } from '../../domain/config';
import { isWildcard, plainRoute } from '../../domain/routes';

/*
 * What HAProxy and nginx match requests by: the same regular expressions, so that both send a request to the same
 * service. They hold no quote and no space beyond the one in `HOST PATH`, so they can stand in a file of either.
 */

/** What a Host header may hold, in any case. */
export const HOST = '(\\[[0-9a-f:.]+\\]|[a-z0-9_-]+([.][a-z0-9_-]+)*)';
/** A last dot and a port, which do not count. */
export const HOST_END = '[.]?(:[0-9]*)?';

const DOT = '([.]|%2[eE])';
const SLASH = '(/|%2[fF])';

/**
 * Paths, with or without a query, that programs understand in different ways. A request with one is answered 400, so
 * that it cannot get past one program by what another makes of it: segments `.` and `..`, also between encoded slashes,
 * codes that are none, and the code of the end of a text.
 */
export const UNCLEAR_PATHS = [
  `^[^?]*${SLASH}${DOT}${DOT}?(${SLASH}|[?]|$)`,
  `^[^?]*%(00|$|[^0-9a-fA-F]|[0-9a-fA-F]($|[^0-9a-fA-F]))`,
];

/** Fits `HOST PATH` of a request: its host in lower case without port, and its path as it was sent. A query may follow. */
export function pattern(route: RouteConfig): string {
  const { host, path, exact } = plainRoute(route);
  return `^${hostPattern(host)} ${exact ? `${pathPattern(path)}([?]|$)` : prefixPattern(path)}`;
}

function hostPattern(host: string | undefined): string {
  if (host === undefined) return '[^ ]*';
  return isWildcard(host) ? `[^ ]+${literally(host.slice(1))}` : literally(host);
}

function prefixPattern(path: string): string {
  return path === '/' ? '/' : `${pathPattern(path)}([/?]|$)`;
}

function pathPattern(path: string): string {
  return path.replace(/%([0-9A-F]{2})|./gs, (found, code?: string) => {
    if (found === '/') return '/+';
    const character = code === undefined ? found : String.fromCharCode(parseInt(code, 16));
    const coded = `%${inEitherCase(code ?? hexadecimal(character))}`;
    return code === undefined || RAW_TOO.includes(character) ? `(${literally(character)}|${coded})` : coded;
  });
}

/** They have no place in a path, but routers let clients send them as they are. */
const RAW_TOO = '"<>[\\]^`{|}';

function literally(text: string): string {
  return text.replace(/[^A-Za-z0-9_-]/g, (character) =>
    character === '.' ? '[.]' : `\\x${hexadecimal(character).toLowerCase()}`,
  );
}

function hexadecimal(character: string): string {
  return character.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0');
}

function inEitherCase(code: string): string {
  return code.replace(/[A-F]/g, (digit) => `[${digit}${digit.toLowerCase()}]`);
}
