import type { RouterConfig } from '../domain/config';
import type { Scope, Slot } from '../domain/release';
import { SLOTS } from '../domain/release';
import { contentHash, describeRoute, entriesByPort, scopeKey, tlsOf, type Entry, type Fragment } from './fragments';
import type { Routing } from './router';

export type HaproxyConfig = Extract<RouterConfig, { kind: 'haproxy' }>;
export type HaproxyFragment = Fragment<{ certificates: string }>;

/** Upper bounds in ms of the latency buckets; a last one takes what is slower. */
export const LATENCY_BOUNDS = [
  1, 2, 5, 10, 20, 35, 50, 75, 100, 150, 200, 300, 500, 750, 1_000, 1_500, 2_500, 5_000, 10_000, 30_000,
];

/** Variable of the process that holds the hash of the configuration it runs. */
export const HASH_VARIABLE = 'proc.spillway_config';
/** Variable of the process that holds when it started, in µs: process ids are used again, this is not. */
export const START_VARIABLE = 'proc.spillway_start';

/** Written last, since it refers to all others. */
export const FRONTENDS_FILE = '90-frontends.cfg';
const BASE_FILE = '00-spillway.cfg';

export interface Rendered {
  hash: string;
  /** Content by name of file, in the order in which they are written. */
  files: Record<string, string>;
}

export function backendName(scope: Scope, service: string, slot: Slot): string {
  return `${scopeKey(scope)}.${service}.${slot}`;
}

export function latencyTable(scope: Scope): string {
  return `${scopeKey(scope)}.latency`;
}

/** Cookie that holds a visitor's draw, 0–99; never a slot's name. */
export function cookieName(scope: Scope): string {
  return `spillway.${scopeKey(scope)}`;
}

export function mapFile(directory: string, scope: Scope): string {
  return `${directory}/maps/${scopeKey(scope)}.map`;
}

export function pageFile(directory: string, scope: Scope): string {
  return `${directory}/pages/${scopeKey(scope)}.html`;
}

export function environmentFile(scope: Scope): string {
  return `20-${scopeKey(scope)}.cfg`;
}

export interface Surroundings {
  /** Where maps and pages lie, as HAProxy sees it. */
  directory: string;
  /** Whether Spillway runs this HAProxy, and so has a say in its global settings. */
  own: boolean;
  /** Whether the host speaks IPv6 too. */
  ipv6: boolean;
}

/** The whole configuration of HAProxy from the fragments of all environments. */
export function renderHaproxy(fragments: HaproxyFragment[], around: Surroundings): Rendered {
  const { directory, own } = around;
  const files: Record<string, string> = { [BASE_FILE]: renderBase(own) };
  for (const fragment of fragments) {
    files[environmentFile(fragment.routing.scope)] = renderEnvironment(fragment, directory);
  }
  const frontends = [...entriesByPort(fragments)]
    .map(([port, entries]) => renderFrontend(port, entries, fragments, around))
    .join('\n');
  const hash = contentHash([...Object.values(files), ...fragments.map((one) => one.errorPage ?? ''), frontends]);
  files[FRONTENDS_FILE] = `${HEAD}global
  # By these Spillway recognises which configuration a process runs, and which process it is.
  set-var ${HASH_VARIABLE} str(${hash})
  set-var ${START_VARIABLE} date(0,us)

${frontends}`;
  return { hash, files };
}

const HEAD = '# Written by Spillway from apps/*.json; what is changed here by hand is lost.\n\n';

const OWN_GLOBAL = `global
  # As many connections as the engine gives descriptors for, within reason.
  fd-hard-limit 100000
  # The master stays root for ports below 1024; the workers need nothing.
  uid 65534
  gid 65534
  log stdout format raw local0 notice

`;

function renderBase(own: boolean): string {
  return `${HEAD}${own ? OWN_GLOBAL : ''}defaults spillway
  mode http
  log global
  option forwardfor
  option tcpka
  # A reload loses no request of a client that keeps its connection.
  option idle-close-on-response
  # Only what surely did not reach the version is sent again.
  retry-on conn-failure
  retries 3
  option redispatch 1
  balance leastconn
  timeout connect 2s
  timeout http-request 10s
  timeout http-keep-alive 10s
  timeout queue 5s
  timeout client 60s
  timeout server 60s
  # WebSockets live long and say little.
  timeout tunnel 24h
  default-server check inter 500ms fastinter 200ms downinter 100ms rise 1 fall 2 pool-purge-delay 2s
`;
}

function renderFrontend(port: number, entries: Entry[], fragments: HaproxyFragment[], around: Surroundings): string {
  const tls = tlsOf(port, fragments);
  const keys = new Set(entries.map((entry) => scopeKey(entry.scope)));
  const routings = fragments.map((one) => one.routing).filter((routing) => keys.has(scopeKey(routing.scope)));
  return `frontend spillway-${port} from spillway
  bind ${around.ipv6 ? `:::${port} v4v6` : `:${port}`}${tls ? ` ssl crt ${quoted(tls.certificates)} alpn h2,http/1.1` : ''}
  http-request set-header X-Forwarded-Proto ${tls ? 'https' : 'http'}

  # Which service is asked: the first that fits.
${entries.map(renderEntry).join('\n')}
  http-request return status 404 content-type text/plain string "Nothing here answers this host and path.\\n" if !{ var(txn.service) -m found }
${routings.map((routing) => renderDraw(routing, tls !== undefined, around.directory)).join('')}
  # A process that is leaving after a reload may not know the servers that came with it: it uses those it knows.
${backendsOf(entries, routings).map(renderUse).join('')}`;
}

function renderEntry({ scope, service, route }: Entry): string {
  const conditions = ['!{ var(txn.service) -m found }'];
  if (route.host) conditions.push(`{ req.hdr(host),field(1,:),lower -m str ${quoted(route.host.toLowerCase())} }`);
  if (route.path && route.path !== '/') conditions.push(`{ path_beg ${quoted(route.path)} }`);
  return `  # ${describeRoute(route)}
  http-request set-var(txn.service) str(${scopeKey(scope)}.${service}) if ${conditions.join(' ')}`;
}

/** Draws a slot for the visitor, by one number for all services of the environment. */
function renderDraw({ scope, affinity }: Routing, secure: boolean, directory: string): string {
  const key = scopeKey(scope);
  const here = `{ var(txn.service) -m beg ${key}. }`;
  const cookie = cookieName(scope);
  const draw = affinity
    ? `  # A visitor keeps the draw, 0–99, in a cookie; what is not one is not believed.
  http-request set-var(txn.draw) req.cook(${cookie}) if ${here} { req.cook(${cookie}) -m reg ^[0-9]{1,2}$ }
  http-request set-var(txn.drawn) bool(true) if ${here} !{ var(txn.draw) -m found } { var(txn.share) -m int 1:99 }
`
    : '';
  const keep = affinity
    ? `  http-response add-header Set-Cookie "${cookie}=%[var(txn.draw)]; Path=/; HttpOnly; SameSite=Lax${secure ? '; Secure' : ''}" if ${here} { var(txn.drawn) -m found }
`
    : '';
  return `
  # ${scope.app}/${scope.environment}: a draw below green's share goes to green, for all services alike. Without a share nothing is served.
  http-request set-var(txn.share) str(green),map_str_int(${mapFile(directory, scope)}) if ${here}
  http-request return status 503 if ${here} !{ var(txn.share) -m found }
${draw}  http-request set-var(txn.draw) rand(100) if ${here} !{ var(txn.draw) -m found }
  http-request set-var(txn.slot) str(green) if ${here} { var(txn.draw),sub(txn.share) lt 0 }
${keep}`;
}

interface Used {
  /** `APP.ENVIRONMENT.SERVICE` */
  name: string;
  /** Slots in which it has servers. */
  served: Slot[];
}

function backendsOf(entries: Entry[], routings: Routing[]): Used[] {
  const names = new Set(entries.map(({ scope, service }) => `${scopeKey(scope)}.${service}`));
  return routings.flatMap(({ scope, services }) =>
    services
      .map(({ service, slots }) => ({
        name: `${scopeKey(scope)}.${service}`,
        served: SLOTS.filter((slot) => slots[slot].length > 0),
      }))
      .filter(({ name }) => names.has(name)),
  );
}

function renderUse({ name, served }: Used): string {
  const here = `{ var(txn.service) -m str ${name} }`;
  const [only, other] = served;
  // Not by `nbsrv`: to a process that is leaving, every backend has none.
  const leaving = only && !other ? `  use_backend ${name}.${only} if { stopping } ${here}\n` : '';
  return `${leaving}  use_backend ${name}.green if ${here} { var(txn.slot) -m str green }
  use_backend ${name}.blue if ${here}
`;
}

function renderEnvironment({ routing, errorPage }: HaproxyFragment, directory: string): string {
  const { scope, services } = routing;
  const page = errorPage === undefined ? '' : renderErrorPage(pageFile(directory, scope));
  const backends = services.flatMap((service) => SLOTS.map((slot) => renderBackend(routing, service, slot, page)));
  return `${HEAD}# ${scope.app}/${scope.environment}. Which slot gets which share stands in ${mapFile(directory, scope)}.

# Counts requests by service, slot and latency: counter N has those up to bound N of
# ${LATENCY_BOUNDS.join(' ')} ms, the last those above.
backend ${latencyTable(scope)} from spillway
  stick-table type string len 90 size ${services.length * 2 + 10} store gpc(${LATENCY_BOUNDS.length + 1})

${backends.join('\n')}`;
}

function renderErrorPage(file: string): string {
  return [502, 503, 504]
    .map((status) => `  http-error status ${status} content-type text/html file ${file}\n`)
    .join('');
}

function renderBackend({ scope }: Routing, service: Routing['services'][number], slot: Slot, page: string): string {
  const servers = service.slots[slot].map(
    ({ address, port }, index) => `  server ${slot}-${index + 1} ${address}:${port}\n`,
  );
  return `backend ${backendName(scope, service.service, slot)} from spillway
${page}  http-request set-var(txn.began) date(0,us)
  http-request track-sc0 str(${service.service}.${slot}) table ${latencyTable(scope)}
  http-response allow if { status 101 }
  http-response set-var(txn.took) date(0,us),sub(txn.began)
${LATENCY_BOUNDS.map(renderBucket).join('')}  http-response sc-inc-gpc(${LATENCY_BOUNDS.length},0)
${servers.join('')}`;
}

function renderBucket(bound: number, index: number): string {
  const within = `if { var(txn.took) -m int le ${bound * 1_000} }`;
  return `  http-response sc-inc-gpc(${index},0) ${within}\n  http-response allow ${within}\n`;
}

function quoted(text: string): string {
  return `'${text.replace(/'/g, `'\\''`)}'`;
}
