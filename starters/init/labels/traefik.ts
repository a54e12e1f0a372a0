import type { Importance } from '../questions';
import { CERTIFICATES, hostOf, pathOf, portOf, routeOf, unique, type Route, type Routing } from './routing';
import { waysOfOldRule, waysOfRule, type Way } from './traefik-rule';

type Labels = Record<string, string>;

/** Ports of entry points, by name, as Traefik’s own command line gives them. */
export type EntryPoints = Record<string, number>;

const USUAL: EntryPoints = {
  web: 80,
  http: 80,
  insecure: 80,
  websecure: 443,
  https: 443,
  secure: 443,
  'web-secure': 443,
};

/** Reads `--entrypoints.web.address=:80` and the old `--entryPoints='Name:http Address::80'`. */
export function entryPointsOf(words: string[]): EntryPoints {
  const found: EntryPoints = {};
  for (const word of words) {
    const [, name, port] = /^-*entrypoints\.([\w-]+)\.address=[^:]*:(\d+)/i.exec(word) ?? [];
    const [, oldName, oldPort] = /Name:([\w-]+)\s+Address:[^:\s]*:(\d+)/.exec(word) ?? [];
    if (name !== undefined) found[name.toLowerCase()] = Number(port);
    if (oldName !== undefined) found[oldName.toLowerCase()] = Number(oldPort);
  }
  return found;
}

export function traefikRouting(labels: Labels, entryPoints: EntryPoints): Routing | undefined {
  const lower = Object.entries(labels).map(([key, value]): [string, string] => [key.toLowerCase(), value]);
  const given: Labels = Object.fromEntries(lower.filter(([key]) => key.startsWith('traefik.')));
  if (Object.keys(given).length === 0 || /^false$/i.test(given['traefik.enable'] ?? '')) return undefined;
  const reading = new Reading({ ...USUAL, ...entryPoints });
  for (const router of routersOf(given)) reading.router(router);
  reading.oldRules(given);
  reading.unreadable(given);
  return reading.routing(given);
}

interface Router {
  name: string;
  rule: string;
  entryPoints: string[] | undefined;
  hasTls: boolean;
  middlewares: [name: string, kind: string | undefined][];
}

function routersOf(given: Labels): Router[] {
  const kinds = new Map<string, string>();
  const names = new Set<string>();
  for (const key of Object.keys(given)) {
    const [, name] = /^traefik\.http\.routers\.([^.]+)\./.exec(key) ?? [];
    if (name !== undefined) names.add(name);
    const [, middleware, kind] = /^traefik\.http\.middlewares\.([^.]+)\.([^.]+)/.exec(key) ?? [];
    if (middleware !== undefined) kinds.set(middleware, kind!);
  }
  return [...names].map((name) => {
    const at = (key: string): string | undefined => given[`traefik.http.routers.${name}.${key}`];
    const under = Object.keys(given).filter((key) => key.startsWith(`traefik.http.routers.${name}.tls`));
    const middlewares = listOf(at('middlewares')).map((full): [string, string | undefined] => [
      full,
      kinds.get(full.toLowerCase().replace(/@docker$/, '')),
    ]);
    return {
      name,
      rule: at('rule') ?? '',
      entryPoints: at('entrypoints') === undefined ? undefined : listOf(at('entrypoints')),
      hasTls: under.some((key) => given[key] !== 'false'),
      middlewares,
    };
  });
}

function listOf(text: string | undefined): string[] {
  return (text ?? '')
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '');
}

/** Without these the whole world could reach what only some could. */
const GUARDS = /auth|allowlist|whitelist|secur|protect|oidc|sso|login|private|internal|plugin/;
const REDIRECTS = /redirect/;
const REWRITES = /strip|replacepath|addprefix|rewrite/;
/** The service answers as well without them. */
const HARMLESS =
  /^(compress|headers|retry|buffering|errors|circuitbreaker|ratelimit|inflightreq|chain|contenttype|grpcweb)$/;

class Reading {
  private readonly routes: Route[] = [];
  private readonly doubts: Routing['doubts'] = [];

  constructor(private readonly ports: EntryPoints) {}

  router({ name, rule, entryPoints, hasTls, middlewares }: Router): void {
    const guards = middlewares.filter(([full, kind]) => GUARDS.test(kind ?? full.toLowerCase()));
    if (guards.length > 0) {
      const names = guards.map(([full]) => full).join(', ');
      const what = `Traefik lets requests for ${rule || name} pass \`${names}\` first, which this router cannot`;
      return this.doubt(`${what}, so they have no route: protect it otherwise, then write the route`);
    }
    const isRedirect = middlewares.some(([full, kind]) => REDIRECTS.test(kind ?? full.toLowerCase()));
    if (isRedirect && !hasTls)
      return this.doubt(`Traefik only redirected requests for ${rule || name}; this router redirects nothing`, 'know');
    this.aboutMiddlewares(middlewares);
    const ways = rule === '' ? undefined : waysOfRule(rule);
    if (ways) for (const port of this.portsOf(entryPoints, hasTls)) this.add(ways, rule, port);
    else if (rule === '') this.doubt(`Traefik made up the rule of \`${name}\`; which host and path should reach it?`);
    else this.doubt(`the rule ${rule} could not be read; which host and path should reach it?`);
  }

  /** Traefik 1 has one rule in a service, or one in each segment of it. */
  oldRules(given: Labels): void {
    for (const [key, rule] of Object.entries(given)) {
      if (!/^traefik\.([^.]+\.)?frontend\.rule$/.test(key)) continue;
      const { ways, strips } = waysOfOldRule(rule);
      const base = key.replace(/rule$/, '');
      const guard = Object.keys(given).find((other) => other.startsWith(base) && /auth|whitelist/.test(other));
      if (guard !== undefined) {
        this.doubt(`\`${guard}\` let only some pass to ${rule}, which this router cannot, so it has no route`);
        continue;
      }
      if (strips) this.doubt(stripping(rule));
      for (const port of this.portsOf(given[`${base}entrypoints`]?.split(','), false)) this.add(ways, rule, port);
    }
  }

  unreadable(given: Labels): void {
    const kinds = Object.keys(given).flatMap((key) => /^traefik\.(tcp|udp)\.routers\.[^.]+/.exec(key) ?? []);
    if (kinds.length > 0)
      this.doubt('Traefik sent it TCP or UDP; this router speaks HTTP, so others must reach it in another way');
  }

  routing(given: Labels): Routing {
    const ports = Object.entries(given)
      .filter(([key]) => /^traefik\.(http\.services\.[^.]+\.loadbalancer\.server\.port|([^.]+\.)?port)$/.test(key))
      .map(([, value]) => portOf(value))
      .filter((port) => port !== undefined);
    const schemes = Object.entries(given).filter(([key]) => /(loadbalancer\.server\.scheme|\.protocol)$/.test(key));
    for (const [, scheme] of schemes.filter(([, value]) => !/^http$/i.test(value)))
      this.doubt(`Traefik spoke ${scheme} with it; this router speaks HTTP/1.1 without TLS to its containers`);
    if (new Set(ports).size > 1)
      this.doubt(
        `Traefik sent requests to its ports ${[...new Set(ports)].join(' and ')}; a service has one port here`,
      );
    const routes = unique(this.routes);
    if (routes.some(({ port }) => port === 443)) this.doubt(CERTIFICATES);
    return { router: 'Traefik', routes, doubts: this.doubts, ...(ports[0] !== undefined && { port: ports[0] }) };
  }

  private add(ways: Way[], rule: string, port: number): void {
    for (const { hosts, paths, exact, others } of ways) {
      const host = hosts.length === 1 ? hostOf(hosts[0]!) : undefined;
      const all = [...paths, ...exact];
      const path = all.length <= 1 ? pathOf(all[0] ?? '/') : undefined;
      const cannot = [
        ...others,
        ...(hosts.length > 0 && host === undefined ? hosts : []),
        ...(path === undefined ? all : []),
      ];
      if (cannot.length > 0)
        this.doubt(
          `the rule ${rule} asks for ${cannot.join(' and ')}, which a route cannot, so that part has no route`,
        );
      else this.routes.push(routeOf(port, host, path, exact.length > 0));
    }
  }

  private aboutMiddlewares(middlewares: Router['middlewares']): void {
    for (const [full, kind] of middlewares) {
      if (REWRITES.test(kind ?? full.toLowerCase())) this.doubt(stripping(full));
      else if (!REDIRECTS.test(kind ?? full.toLowerCase()) && !HARMLESS.test(kind ?? ''))
        this.doubt(`Traefik’s middleware \`${full}\` does nothing here; does the service need what it did?`);
      else this.doubt(`Traefik’s middleware \`${full}\` does nothing here`, 'know');
    }
  }

  private portsOf(names: string[] | undefined, hasTls: boolean): number[] {
    if (names === undefined) return [hasTls ? (this.ports.websecure ?? 443) : (this.ports.web ?? 80)];
    return names.flatMap((name) => {
      const port = this.ports[name.trim().toLowerCase()];
      if (port === undefined) this.doubt(`on which port of the host is Traefik’s entry point \`${name}\`?`);
      return port ?? [];
    });
  }

  private doubt(text: string, importance: Importance = 'decide'): void {
    if (!this.doubts.some((other) => other.text === text)) this.doubts.push({ text, importance });
  }
}

function stripping(what: string): string {
  return `Traefik changed the path by \`${what}\`; here the service gets it as the visitor sent it, so it must take it so`;
}
