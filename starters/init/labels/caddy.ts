import { CERTIFICATES, hostOf, pathOf, portOf, routeOf, unique, type Route, type Routing } from './routing';

type Labels = Record<string, string>;

/** Reads labels of caddy-docker-proxy, such as `caddy: shop.example.com` and `caddy.reverse_proxy: "{{upstreams 3000}}"`. */
export function caddyRouting(labels: Labels): Routing | undefined {
  const sites = Object.keys(labels).filter((key) => /^caddy(_\d+)?$/.test(key));
  if (sites.length === 0) return undefined;
  const routes: Route[] = [];
  const doubts = new Map<string, Routing['doubts'][number]>();
  const doubt = (text: string): void => void doubts.set(text, { text, importance: 'decide' });
  let port: number | undefined;
  for (const site of sites) {
    const below = Object.entries(labels).flatMap(([key, value]): [string, string][] =>
      key.startsWith(`${site}.`) ? [[key.slice(site.length + 1), value]] : [],
    );
    const directives = below.map(([key, value]): [string, string] => [key.replace(/(^|\.)\d+_/g, '$1'), value]);
    const guard = directives.find(([key]) =>
      /(basic_?auth|forward_auth|authorize|authenticate|@.*remote_ip)/.test(key),
    );
    if (guard) {
      doubt(
        `Caddy lets only some pass to ${labels[site]} (\`${guard[0]}\`), which this router cannot, so it has no route`,
      );
      continue;
    }
    const proxies = directives.filter(([key]) => key === 'reverse_proxy' || key.endsWith('.reverse_proxy'));
    port ??= proxies.map(([, value]) => upstreamPort(value)).find((one) => one !== undefined);
    for (const address of labels[site]!.split(/[\s,]+/).filter((text) => text !== '')) {
      const at = addressOf(address);
      if (!at) doubt(`Caddy’s address ${address} has a pattern, which a route cannot, so it has no route`);
      else routes.push(...pathsOf(directives, proxies, doubt).map((path) => routeOf(at.port, at.host, path)));
    }
    doubtDirectives(directives, doubt);
  }
  if (routes.some((route) => route.port === 443)) doubt(CERTIFICATES);
  return { router: 'Caddy', routes: unique(routes), doubts: [...doubts.values()], ...(port !== undefined && { port }) };
}

function addressOf(address: string): { port: number; host?: string } | undefined {
  const [, scheme, name = '', given] = /^(?:(https?):\/\/)?([^:/\s]*)(?::(\d+))?$/.exec(address) ?? [];
  const host = hostOf(name);
  if (host === undefined && (name !== '' || given === undefined)) return undefined;
  return { port: portOf(given) ?? (scheme === 'http' ? 80 : 443), ...(host !== undefined && { host }) };
}

function upstreamPort(value: string): number | undefined {
  return portOf(/\{\{\s*upstreams(?:\s+https?)?\s+(\d+)\s*\}\}/.exec(value)?.[1] ?? /:(\d+)\s*$/.exec(value)?.[1]);
}

type Doubt = (text: string) => void;

/** A matcher stands in front of the upstream, or in the directive around it. Without one, all paths are meant. */
function pathsOf(directives: [string, string][], proxies: [string, string][], doubt: Doubt): (string | undefined)[] {
  const matchers = [
    ...proxies.flatMap(([key, value]) => (key === 'reverse_proxy' ? [/^(\/\S*)\s/.exec(value)?.[1]] : [])),
    ...directives.flatMap(([key, value]) => (/^(handle|handle_path|route)$/.test(key) ? [value || undefined] : [])),
  ];
  if (matchers.length === 0) return [undefined];
  return matchers.flatMap((matcher) => {
    const path = matcher
      ?.trim()
      .replace(/\*$/, '')
      .replace(/(?<=.)\/$/, '');
    if (path === undefined || pathOf(path) !== undefined) return [path];
    doubt(`Caddy’s matcher ${matcher} is more than the beginning of a path, so that part has no route`);
    return [];
  });
}

const KNOWN = /^(reverse_proxy|handle|handle_path|route|encode|log|tls)(\.|$)/;
const REWRITES = /(^|\.)(handle_path|uri|rewrite|redir)(\.|$)/;

function doubtDirectives(directives: [string, string][], doubt: Doubt): void {
  for (const [key, value] of directives) {
    const name = key.split('.').find((part) => !/^(handle|route)$/.test(part)) ?? key;
    if (REWRITES.test(key))
      doubt(
        `Caddy changed or redirected requests by \`${name}\`; here the service gets each path as the visitor sent it`,
      );
    else if (!KNOWN.test(key))
      doubt(
        `Caddy’s \`${name}${value === '' ? '' : ` ${value}`}\` does nothing here; does the service need what it did?`,
      );
  }
}
