import type { Scope } from '../../domain/release';
import { describeRoute } from '../../domain/routes';
import { pageFile } from '../on-host/error-page';
import { entriesByPort, fragmentOf, scopeKey, serviceOf, tlsOf, type Entry } from '../on-host/fragments';
import { limitsOf, longestSilence, silenceOf } from '../on-host/limits';
import { FORWARDED_HEADERS, renderTrustUse } from './forwarded';
import { NO_SHARE, statusPath, upstreamName, variable, type NginxFragment, type Share } from './names';
import { renderMirrorLocation, renderMirrorUse } from './trial';

/** It stands in for the hash of the whole configuration, which is known last. */
export const HASH = '@HASH@';

export interface Around {
  fragments: NginxFragment[];
  /** Its keys are `APP.ENVIRONMENT`. */
  shares: Record<string, Share>;
  directory: string;
  ipv6: boolean;
}

export function renderServers(around: Around): string {
  return [...entriesByPort(around.fragments)].map(([port, entries]) => renderPort(port, entries, around)).join('\n');
}

function renderPort(port: number, entries: Entry[], around: Around): string {
  const hosts = [...new Set(entries.map(({ route }) => route.host?.toLowerCase()))].filter(
    (host) => host !== undefined,
  );
  const named = hosts.map((host) => renderServer({ port, host, mine: entriesOf(host, entries), all: entries }, around));
  const others = entries.filter(({ route }) => !route.host);
  return [...named, renderServer({ port, mine: others, all: entries }, around)].join('\n');
}

/** A host outranks a long path, so entries for any host count only where none of the host's own covers their path. */
function entriesOf(host: string, entries: Entry[]): Entry[] {
  const own = entries.filter(({ route }) => route.host?.toLowerCase() === host);
  const isHidden = ({ route }: Entry): boolean =>
    own.some((one) => (route.path ?? '/').startsWith(one.route.path ?? '/'));
  return [...own, ...entries.filter((entry) => !entry.route.host && !isHidden(entry))];
}

interface Server {
  port: number;
  /** Absent for the server that answers all other names. */
  host?: string;
  mine: Entry[];
  all: Entry[];
}

function renderServer({ port, host, mine, all }: Server, around: Around): string {
  const tls = tlsOf(port, around.fragments);
  const options = `${host === undefined ? ' default_server' : ''}${tls ? ' ssl' : ''}`;
  const scopes = [...new Map(all.map(({ scope }) => [scopeKey(scope), scope])).values()];
  const certificate = tls ? `  ssl_certificate '${tls.certificate}';\n  ssl_certificate_key '${tls.key}';\n` : '';
  const mirrors = mine.flatMap(({ scope, service }) => {
    const { mirror } = around.shares[scopeKey(scope)] ?? NO_SHARE;
    return mirror
      ? [renderMirrorLocation(mirrorPath(scope, service), variable(scope), upstreamName(scope, service, mirror))]
      : [];
  });
  const webSockets = new Set(mine.map((entry) => renderWebSockets(entry, around.fragments)));
  const statuses = host === undefined ? scopes.map((scope) => renderStatus(scope, around)) : [];
  const pages = around.fragments
    .filter(({ routing }) => mine.some((entry) => scopeKey(entry.scope) === scopeKey(routing.scope)))
    .map((fragment) => renderPage(fragment, around.directory));
  return `server {
  listen ${port}${options};
${around.ipv6 ? `  listen [::]:${port}${options};\n` : ''}  server_name ${host ?? '_'};
${certificate}${renderProxy(around.fragments, longestSilence(all, around.fragments))}${[...statuses, ...pages, ...new Set(mirrors), ...mine.map((entry) => renderLocation(entry, around)), ...webSockets].join('')}${
    mine.some(({ route }) => (route.path ?? '/') === '/') ? '' : NOT_FOUND
  }}
`;
}

const NOT_FOUND = `  location / { default_type text/plain; return 404 "Nothing here answers this host and path.\\n"; }
`;
function renderProxy(fragments: NginxFragment[], silence: number): string {
  const { requestHead, answerHead } = limitsOf(fragments);
  return `  large_client_header_buffers 4 ${requestHead};
  proxy_buffer_size ${answerHead};
  proxy_buffers 4 ${answerHead};
  # A header is the version's to judge, whatever its name.
  ignore_invalid_headers off;
  underscores_in_headers on;
  client_max_body_size 0;
  client_body_timeout ${silence}ms;
  send_timeout ${silence}ms;
  # Streams go through as they come, in both directions. A version may ask for more with X-Accel-Buffering.
  proxy_request_buffering off;
  proxy_buffering off;
  proxy_http_version 1.1;
  proxy_set_header Host $http_host;
${FORWARDED_HEADERS}  proxy_set_header Upgrade $spillway_upgrade;
  proxy_set_header Connection $spillway_connection;
  proxy_connect_timeout 2s;
  proxy_next_upstream error;
`;
}

function renderStatus(scope: Scope, { shares }: Around): string {
  return `  location = ${statusPath(scope)} {
    default_type text/plain;
    if ($spillway_local = 0) { return 404; }
    return 200 "share=${(shares[scopeKey(scope)] ?? NO_SHARE).green} config=${HASH} pid=$pid\\n";
  }
`;
}

function mirrorPath(scope: Scope, service: string): string {
  return `${statusPath(scope)}/mirror/${service}`;
}

function renderLocation(entry: Entry, { fragments, shares }: Around): string {
  const { scope, service, route } = entry;
  const name = variable(scope);
  const fragment = fragmentOf(entry, fragments);
  const page = fragment.errorPage === undefined ? '' : `    error_page 502 503 504 ${statusPath(scope)}/page;\n`;
  const silence = silenceOf(serviceOf(entry, fragment));
  const mirror = shares[scopeKey(scope)]?.mirror ? renderMirrorUse(mirrorPath(scope, service)) : '';
  return `  # ${describeRoute(route)}
  location ^~ '${route.path ?? '/'}' {
${renderTrustUse(fragment)}${renderKeep(fragment)}${page}${mirror}    error_page 418 = ${webSocketName(entry)};
    if ($spillway_upgrade) { return 418; }
    proxy_read_timeout ${silence}ms;
    proxy_send_timeout ${silence}ms;
    proxy_pass http://${upstreamName(scope, service, `$${name}_slot`)};
  }
`;
}

function renderKeep({ routing: { scope, affinity } }: NginxFragment): string {
  return affinity ? `    add_header Set-Cookie $${variable(scope)}_keep always;\n` : '';
}

function webSocketName({ scope, service }: Entry): string {
  return `@${scopeKey(scope)}.${service}.websocket`;
}

/** nginx has no time-out for WebSockets alone, so they have a place of their own: they live long and say little. */
function renderWebSockets(entry: Entry, fragments: NginxFragment[]): string {
  const { scope, service } = entry;
  return `  location ${webSocketName(entry)} {
${renderKeep(fragmentOf(entry, fragments))}    proxy_read_timeout 24h;
    proxy_send_timeout 24h;
    proxy_pass http://${upstreamName(scope, service, `$${variable(scope)}_slot`)};
  }
`;
}

/** Replaces only nginx's own errors; a version's own 5xx goes through untouched. */
function renderPage({ routing: { scope }, errorPage }: NginxFragment, directory: string): string {
  if (errorPage === undefined) return '';
  return `  location = ${statusPath(scope)}/page { internal; default_type text/html; alias '${pageFile(directory, scope)}'; }
`;
}
