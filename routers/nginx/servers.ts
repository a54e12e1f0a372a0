import type { Scope } from '../../domain/release';
import { describeRoute } from '../../domain/routes';
import { pageFile } from '../on-host/error-page';
import { entriesByPort, scopeKey, tlsOf, type Entry } from '../on-host/fragments';
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
  const statuses = host === undefined ? scopes.map((scope) => renderStatus(scope, around)) : [];
  const pages = around.fragments
    .filter(({ routing }) => mine.some((entry) => scopeKey(entry.scope) === scopeKey(routing.scope)))
    .map((fragment) => renderPage(fragment, around.directory));
  return `server {
  listen ${port}${options};
${around.ipv6 ? `  listen [::]:${port}${options};\n` : ''}  server_name ${host ?? '_'};
${certificate}${PROXY}${[...statuses, ...pages, ...new Set(mirrors), ...mine.map((entry) => renderLocation(entry, around))].join('')}${
    mine.some(({ route }) => (route.path ?? '/') === '/') ? '' : NOT_FOUND
  }}
`;
}

const NOT_FOUND = `  location / { default_type text/plain; return 404 "Nothing here answers this host and path.\\n"; }
`;
const PROXY = `  client_max_body_size 0;
  proxy_http_version 1.1;
  proxy_set_header Host $http_host;
  proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
  proxy_set_header X-Forwarded-Proto $scheme;
  proxy_set_header Upgrade $http_upgrade;
  proxy_set_header Connection $spillway_connection;
  proxy_connect_timeout 2s;
  # WebSockets live long and say little; nginx has no time-out for them alone.
  proxy_read_timeout 1h;
  proxy_send_timeout 1h;
  proxy_next_upstream error;
`;

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

function renderLocation({ scope, service, route }: Entry, { fragments, shares }: Around): string {
  const name = variable(scope);
  const fragment = fragments.find(({ routing }) => scopeKey(routing.scope) === scopeKey(scope))!;
  const keep = fragment.routing.affinity ? `    add_header Set-Cookie $${name}_keep always;\n` : '';
  const page = fragment.errorPage === undefined ? '' : `    error_page 502 503 504 ${statusPath(scope)}/page;\n`;
  const mirror = shares[scopeKey(scope)]?.mirror ? renderMirrorUse(mirrorPath(scope, service)) : '';
  return `  # ${describeRoute(route)}
  location ^~ '${route.path ?? '/'}' {
${keep}${page}${mirror}    proxy_pass http://${upstreamName(scope, service, `$${name}_slot`)};
  }
`;
}

/** Replaces only nginx's own errors; a version's own 5xx goes through untouched. */
function renderPage({ routing: { scope }, errorPage }: NginxFragment, directory: string): string {
  if (errorPage === undefined) return '';
  return `  location = ${statusPath(scope)}/page { internal; default_type text/html; alias '${pageFile(directory, scope)}'; }
`;
}
