import type { RouterConfig } from '../domain/config';
import { SLOTS, type Scope, type Slot } from '../domain/release';
import { contentHash, describeRoute, entriesByPort, scopeKey, tlsOf, type Entry, type Fragment } from './fragments';
import { renderMirrored, renderMirrorLocation, renderMirrorUse, renderTester } from './nginx-trial';
import type { Routing, Trial } from './router';

export type NginxConfig = Extract<RouterConfig, { kind: 'nginx' }>;
export type NginxFragment = Fragment<{ certificate: string; key: string }>;

/** Written last, since it refers to all others. */
export const SERVERS_FILE = '90-spillway-servers.conf';
/** Inside the container: says as whom the worker processes run. */
export const USER_FILE = '/tmp/spillway-user.conf';
const SHARED_FILE = '00-spillway.conf';

/** Green's share in per cent, and what else there is while a version is on trial. */
export interface NginxShare extends Trial {
  green: number;
}

export interface Rendered {
  hash: string;
  /** Content by name of file, in the order in which they are written. */
  files: Record<string, string>;
}

/** Where a worker process says which share it has in force, to this machine only. */
export function statusPath({ app, environment }: Scope): string {
  return `/.spillway/${app}/${environment}`;
}

export function environmentFile(scope: Scope): string {
  return `20-${scopeKey(scope)}.conf`;
}

export function pageFile(directory: string, scope: Scope): string {
  return `${directory}/pages/${scopeKey(scope)}.html`;
}

/** nginx's own main file, when Spillway runs it. */
export function renderMain(conf: string): string {
  return `${HEAD}include ${USER_FILE};
worker_processes auto;
pid /tmp/nginx.pid;
error_log stderr notice;
events { worker_connections 8192; }
http {
  access_log off;
  server_tokens off;
  client_body_temp_path /tmp/nginx-body;
  proxy_temp_path /tmp/nginx-proxy;
  include ${conf}/*.conf;
}
`;
}

/**
 * What belongs into nginx's `http` block, from the fragments of all environments.
 * @param shares by key of the environment
 * @param ipv6 whether the host speaks IPv6 too
 */
export function renderNginx(
  fragments: NginxFragment[],
  shares: Record<string, NginxShare>,
  directory: string,
  ipv6: boolean,
): Rendered {
  const files: Record<string, string> = { [SHARED_FILE]: SHARED };
  for (const { routing } of fragments) {
    files[environmentFile(routing.scope)] = renderEnvironment(routing, shares[scopeKey(routing.scope)] ?? NOTHING);
  }
  const servers = [...entriesByPort(fragments)]
    .map(([port, entries]) => renderPort(port, entries, { fragments, shares, directory, ipv6 }))
    .join('\n');
  const hash = contentHash([...Object.values(files), ...fragments.map((one) => one.errorPage ?? ''), servers]);
  files[SERVERS_FILE] = `${HEAD}${servers.replaceAll(HASH, hash)}`;
  return { hash, files };
}

const HEAD = '# Written by Spillway from apps/*.json; what is changed here by hand is lost.\n\n';
const HASH = '@HASH@';
const NOTHING: NginxShare = { green: 0 };
const ALL_DRAWS = Array.from({ length: 100 }, (_, draw) => draw);

const SHARED = `${HEAD}map $http_upgrade $spillway_connection {
  default upgrade;
  '' '';
}
map $https $spillway_secure {
  default '; Secure';
  '' '';
}
geo $spillway_local {
  default 0;
  127.0.0.1 1;
  ::1 1;
}
# The draw of a visitor who has none yet.
split_clients $request_id $spillway_new_draw {
${inRows(ALL_DRAWS.slice(0, -1).map((draw) => `1% ${draw};`))}
  * 99;
}
`;

/** Names of nginx's variables have neither dots nor dashes; `_0` stands for a dash, so two names never meet. */
export function variable({ app, environment }: Scope): string {
  return `spillway_${app.replaceAll('-', '_0')}__${environment.replaceAll('-', '_0')}`;
}

function renderEnvironment({ scope, services, affinity, testers }: Routing, { green, ...trial }: NginxShare): string {
  const name = variable(scope);
  const upstreams = services.flatMap(({ service, slots }) =>
    SLOTS.map((slot) => renderUpstream(upstreamName(scope, service, slot), slots[slot])),
  );
  return `${HEAD}# ${scope.app}/${scope.environment}: green has ${green} %.
${affinity ? renderKeptDraw(scope, green) : renderDraw(scope)}
# Draws below green's share go to green, for all services alike.
map $${name}_draw $${name}_${trial.testers && testers ? 'drawn' : 'slot'} {
  default blue;
${inRows(ALL_DRAWS.filter((draw) => draw < green).map((draw) => `${draw} green;`))}
}
${trial.testers && testers ? renderTester(name, testers, trial.testers) : ''}${trial.mirror ? renderMirrored(name, trial.mirror) : ''}

${upstreams.join('\n')}`;
}

function renderDraw(scope: Scope): string {
  return `map $spillway_new_draw $${variable(scope)}_draw { default $spillway_new_draw; }
`;
}

/** A visitor keeps the draw in a cookie, which is needed only while there are two slots to choose from. */
function renderKeptDraw(scope: Scope, share: number): string {
  const name = variable(scope);
  const cookie = `${name}=$spillway_new_draw; Path=/; HttpOnly; SameSite=Lax$spillway_secure`;
  return `# A visitor keeps the draw, 0–99, in a cookie; what is not one is not believed.
map $cookie_${name} $${name}_draw {
  default $spillway_new_draw;
  "~^(0|[1-9][0-9]?)$" $cookie_${name};
}
map $cookie_${name} $${name}_keep {
  default ${share > 0 && share < 100 ? `"${cookie}"` : "''"};
  "~^(0|[1-9][0-9]?)$" '';
}
`;
}

export function upstreamName(scope: Scope, service: string, slot: Slot | string): string {
  return `${scopeKey(scope)}.${service}.${slot}`;
}

function renderUpstream(name: string, servers: { address: string; port: number }[]): string {
  const lines = servers.map(({ address, port }) => `  server ${address}:${port} max_fails=1 fail_timeout=1s;\n`);
  // nginx wants one server at least.
  return `upstream ${name} {
${lines.length > 0 ? lines.join('') : '  server 127.0.0.1:1 down;\n'}  keepalive 32;
}
`;
}

interface Around {
  fragments: NginxFragment[];
  shares: Record<string, NginxShare>;
  directory: string;
  ipv6: boolean;
}

/** One server a host name, and one for all others. */
function renderPort(port: number, entries: Entry[], around: Around): string {
  const hosts = [...new Set(entries.map(({ route }) => route.host?.toLowerCase()))].filter(
    (host) => host !== undefined,
  );
  const named = hosts.map((host) => renderServer(port, host, entriesOf(host, entries), entries, around));
  const others = entries.filter(({ route }) => !route.host);
  return [...named, renderServer(port, undefined, others, entries, around)].join('\n');
}

/** A host's own entries, and those of any host that none of its own comes before: a host counts more than a long path. */
function entriesOf(host: string, entries: Entry[]): Entry[] {
  const own = entries.filter(({ route }) => route.host?.toLowerCase() === host);
  const isHidden = ({ route }: Entry): boolean =>
    own.some((one) => (route.path ?? '/').startsWith(one.route.path ?? '/'));
  return [...own, ...entries.filter((entry) => !entry.route.host && !isHidden(entry))];
}

function renderServer(port: number, host: string | undefined, mine: Entry[], all: Entry[], around: Around): string {
  const tls = tlsOf(port, around.fragments);
  const options = `${host === undefined ? ' default_server' : ''}${tls ? ' ssl' : ''}`;
  const scopes = [...new Map(all.map(({ scope }) => [scopeKey(scope), scope])).values()];
  const certificate = tls ? `  ssl_certificate '${tls.certificate}';\n  ssl_certificate_key '${tls.key}';\n` : '';
  const mirrors = mine.flatMap(({ scope, service }) => {
    const { mirror } = around.shares[scopeKey(scope)] ?? NOTHING;
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
    return 200 "share=${(shares[scopeKey(scope)] ?? NOTHING).green} config=${HASH} pid=$pid\\n";
  }
`;
}

/** Inside of nginx only. */
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

/** Only for what nginx answers itself; a version's own 5xx goes through untouched. */
function renderPage({ routing: { scope }, errorPage }: NginxFragment, directory: string): string {
  if (errorPage === undefined) return '';
  return `  location = ${statusPath(scope)}/page { internal; default_type text/html; alias '${pageFile(directory, scope)}'; }
`;
}

function inRows(words: string[]): string {
  const rows: string[] = [];
  for (let index = 0; index < words.length; index += 10) rows.push(`  ${words.slice(index, index + 10).join(' ')}`);
  return rows.join('\n');
}
