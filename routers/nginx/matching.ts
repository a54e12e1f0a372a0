import { describeRoute } from '../../domain/routes';
import { fragmentOf, scopeKey, type Entry } from '../on-host/fragments';
import { HOST, HOST_END, pattern, UNCLEAR_PATHS } from '../on-host/matching';
import { statusPath, type NginxFragment } from './names';
import { trustOfRequest } from './forwarded';
import { isH2c } from './pass';

export const MATCHING_MAPS = `# Old clients name no host; versions need one.
map "$http_host|$server_addr" $spillway_asked_host {
  default $http_host;
  "~^[|](?<spillway_ipv6>.*:.*)$" "[$spillway_ipv6]";
  "~^[|](?<spillway_ipv4>.*)$" $spillway_ipv4;
}
# The host of a request, once as nginx understands it and once as the version will see it, must be the same.
map "$server_protocol|$host|$http_host" $spillway_clear_host {
  default 0;
  "~^HTTP/[0-9.]+[|][|]$" 1;
  "~*^HTTP/[0-9.]+[|](${HOST})[|]\\1${HOST_END}$" 1;
}
# A request that programs understand in different ways is refused; HAProxy answers the same.
map "$spillway_clear_host$request_uri" $spillway_unclear {
  default 0;
  "~^0" 1;
  "~^1[^/]" 1;
  "~[#\\x80-\\xff]" 1;
${UNCLEAR_PATHS.map((unclear) => `  "~${unclear}" 1;\n`).join('')}}
`;

/** Says for each request of a port where it goes: the first that fits. */
export function renderMatching(port: number, entries: Entry[], fragments: NginxFragment[]): string {
  const rows = entries.map(
    (entry) =>
      `  # ${describeRoute(entry.route)}\n  "~${pattern(entry.route)}" ${servicePlace(entry, fragments)}${trustOfRequest(fragmentOf(entry, fragments))};\n`,
  );
  return `map "$host $request_uri" ${matched(port)} {
  default '';
${rows.join('')}}
`;
}

/** Takes all requests of a port, and hands each to its service. */
export function renderDispatch(port: number): string {
  return `  location / {
    default_type text/plain;
    # Places with a name are reached only by an error; those within them have their own pages.
    error_page 418 = ${matched(port)};
    recursive_error_pages on;
    if ($spillway_unclear) { return 400 "The host or the path of this request is not clear.\\n"; }
    if (${matched(port)} = '') { return 404 "Nothing here answers this host and path.\\n"; }
    if (${matched(port)} ~ ^@) { return 418; }
    rewrite ^ ${matched(port)} last;
  }
`;
}

/** Where nginx itself sends the requests of a service; nobody else can. An ending may follow, by who is trusted. */
export function servicePlace(entry: Entry, fragments: NginxFragment[]): string {
  const { scope, service } = entry;
  return isH2c(entry, fragments) ? `@${scopeKey(scope)}.${service}` : `${statusPath(scope)}/service/${service}`;
}

function matched(port: number): string {
  return `$spillway_port_${port}`;
}
