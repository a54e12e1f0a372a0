import type { RouterConfig } from '../../domain/config';
import type { Testers } from '../../domain/config/testers';
import type { Slot } from '../../domain/release';
import { SLOTS } from '../../domain/release';
import { STANDARD_SILENCE, type WireLimits } from '../../domain/router';
import {
  contentHash,
  entriesByPort,
  scopeKey,
  tlsOf,
  type Entry,
  type Fragment,
  type HostRouting,
} from '../on-host/fragments';
import { pageFile } from '../on-host/error-page';
import type { Rendered } from '../on-host/folder';
import { limitsOf, longestSilence } from '../on-host/limits';
import { renderBackends, REPEATABLE } from './backends';
import { renderForwarded } from './forwarded';
import { refuseLargePages, renderLimits } from './limits';
import { MATCHED, renderEntry } from './matching';
import { cookieName, environmentFile, FRONTENDS_FILE, HASH_VARIABLE, mapFile, START_VARIABLE } from './names';

export type HaproxyConfig = Extract<RouterConfig, { kind: 'haproxy' }>;
export type HaproxyFragment = Fragment<{ certificates: string }>;

const BASE_FILE = '00-spillway.cfg';

export interface Surroundings {
  /** HAProxy's own path of the folder with maps and pages. */
  directory: string;
  /** The folder of its sockets, whose paths may not be long. */
  sockets: string;
  own: boolean;
  ipv6: boolean;
}

export function renderHaproxy(fragments: HaproxyFragment[], around: Surroundings): Rendered {
  const { directory, own, sockets } = around;
  if (own) refuseLargePages(fragments);
  const files: Record<string, string> = { [BASE_FILE]: renderBase(own, sockets, limitsOf(fragments)) };
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

const ownGlobal = (sockets: string, limits: WireLimits) => `global
  # As many connections as the engine gives descriptors for, within reason.
  fd-hard-limit 100000
  # The master stays root for ports below 1024; the workers need nothing.
  uid 65534
  gid 65534
  log stdout format raw local0 notice
  # By this a container that takes this one's place gets its listening sockets.
  stats socket ${sockets}/worker.sock mode 600 level admin expose-fd listeners
  # What a process that is leaving has not ended by then is ended: WebSockets that nobody drained.
  hard-stop-after 24h
  # A head must fit into one buffer. Only what is on its way has buffers.
${renderLimits(limits)}
`;

const KEEP_ALIVE_SECONDS = 75;
/** Milliseconds: the side of the clients must not end what the side of the versions still bears. */
const CLIENT_LONGER = 30_000;
/** Clients hear of a shorter time, so that they never send a request while the connection is being closed. */
const ANNOUNCED_SECONDS = 60;

function renderBase(own: boolean, sockets: string, limits: WireLimits): string {
  return `${HEAD}${own ? ownGlobal(sockets, limits) : ''}defaults spillway
  mode http
  log global
  option tcpka
  # A reload loses no request of a client that keeps its connection.
  option idle-close-on-response
  # What surely did not reach the version is sent again.
  retry-on conn-failure
  retries 3
  option redispatch 1
  balance leastconn
  timeout connect 2s
  timeout http-request 10s
  # Longer than load balancers keep an unused connection (60 s), and than clients are told below.
  timeout http-keep-alive ${KEEP_ALIVE_SECONDS}s
  timeout queue 5s
  # Each backend has its own, and a frontend the longest of those behind it.
  timeout client ${STANDARD_SILENCE + CLIENT_LONGER}ms
  timeout server ${STANDARD_SILENCE}ms
  # WebSockets live long and say little.
  timeout tunnel 24h
  default-server check inter 500ms fastinter 200ms downinter 100ms rise 1 fall 2 pool-purge-delay 2s
`;
}

function renderFrontend(port: number, entries: Entry[], fragments: HaproxyFragment[], around: Surroundings): string {
  const folders = new Set(tlsOf(port, fragments).map(({ certificates }) => certificates));
  const ssl =
    folders.size > 0 ? ` ssl ${[...folders].map((folder) => `crt ${quoted(folder)} `).join('')}alpn h2,http/1.1` : '';
  const keys = new Set(entries.map((entry) => scopeKey(entry.scope)));
  const users = fragments.filter(({ routing }) => keys.has(scopeKey(routing.scope)));
  const routings = users.map(({ routing }) => routing);
  return `frontend spillway-${port} from spillway
  bind ${around.ipv6 ? `:::${port} v4v6` : `:${port}`}${ssl}
  timeout client ${longestSilence(entries, fragments) + CLIENT_LONGER}ms
  # HTTP/2 begins in other ways: a client that asks to change to it goes on with HTTP/1.1.
  http-request del-header HTTP2-Settings
  http-request del-header Upgrade if { req.hdr(Upgrade) -i -m sub h2c }
  # A client may not name headers there that a program behind the router would take off, such as X-Forwarded-For.
  acl upgrades req.hdr(Connection) -i upgrade
  http-request set-header Connection upgrade if upgrades { req.hdr(Upgrade) -m found }
  http-request del-header Connection if !upgrades or !{ req.hdr(Upgrade) -m found }
  http-after-response set-header Keep-Alive timeout=${ANNOUNCED_SECONDS} unless { stopping } or { status 101 }

${MATCHED}  # Which service is asked: the first that fits.
${entries.map(renderEntry).join('\n')}
  http-request return status 404 content-type text/plain string "Nothing here answers this host and path.\\n" if !{ var(txn.service) -m found }
${renderForwarded(users, ssl ? 'https' : 'http')}${routings.map((routing) => renderDraw(routing, around.directory)).join('')}
  # A process that is leaving after a reload may not know the servers that came with it: it uses those it knows.
${backendsOf(entries, routings).map(renderUse).join('')}`;
}

function renderDraw({ scope, affinity, testers, services }: HostRouting, directory: string): string {
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
    ? ['; Secure', '']
        .map((secure) => {
          const isHttps = `${secure ? '' : '!'}{ var(txn.proto) -m str https }`;
          return `  http-response add-header Set-Cookie "${cookie}=%[var(txn.draw)]; Path=/; HttpOnly; SameSite=Lax${secure}" if ${here} { var(txn.drawn) -m found } ${isHttps}
`;
        })
        .join('')
    : '';
  return `
  # ${scope.app}/${scope.environment}: a draw below green's share goes to green, for all services alike. Without a share nothing is served.
  http-request set-var(txn.share) str(green),map_str_int(${mapFile(directory, scope)}) if ${here}
  http-request return status 503 if ${here} !{ var(txn.share) -m found }
${testers ? renderTesters(testers, here, mapFile(directory, scope)) : ''}${draw}  http-request set-var(txn.draw) rand(100) if ${here} !{ var(txn.draw) -m found }
  http-request set-var(txn.slot) str(green) if ${here} { var(txn.draw),sub(txn.share) lt 0 }
${services.some(({ baseline }) => baseline) ? renderBaseline(here, mapFile(directory, scope)) : ''}${keep}`;
}

/** Applies only to shares between 0 and 100, so that one command gives all traffic, testers included, to a slot. */
function renderTesters(testers: Testers, here: string, map: string): string {
  const sent =
    'header' in testers
      ? `{ req.fhdr(${testers.header.name}) -m str -- ${testers.header.value} }`
      : `{ req.cook(${testers.cookie.name}) -m str -- ${testers.cookie.value} }`;
  return `  # Testers all go to the version that is on trial.
  http-request set-var(txn.testers) str(testers),map_str_int(${map}) if ${here} { var(txn.share) -m int 1:99 } ${sent}
  http-request set-var(txn.share) var(txn.testers) if ${here} { var(txn.testers) -m found }
`;
}

/** Applies only to shares between 0 and 100. Testers have a share of 0 or 100 here, so they never get there. */
function renderBaseline(here: string, map: string): string {
  const draws = `${here} { var(txn.from) -m found } { var(txn.to) -m found }`;
  return `  # A fresh baseline of the live version gets the draws of a range, out of those of its slot.
  http-request set-var(txn.from) str(baseline-from),map_str_int(${map}) if ${here} { var(txn.share) -m int 1:99 }
  http-request set-var(txn.to) str(baseline-to),map_str_int(${map}) if ${here} { var(txn.share) -m int 1:99 }
  http-request set-var(txn.baseline) bool(true) if ${draws} !{ var(txn.draw),sub(txn.from) lt 0 } { var(txn.draw),sub(txn.to) lt 0 }
`;
}

interface Used {
  name: string;
  served: Slot[];
  testers: boolean;
  baseline: boolean;
}

function backendsOf(entries: Entry[], routings: HostRouting[]): Used[] {
  const names = new Set(entries.map(({ scope, service }) => `${scopeKey(scope)}.${service}`));
  return routings.flatMap(({ scope, services, testers }) =>
    services
      .map(({ service, slots, baseline }) => ({
        name: `${scopeKey(scope)}.${service}`,
        served: SLOTS.filter((slot) => slots[slot].length > 0),
        testers: testers !== undefined,
        baseline: baseline !== undefined,
      }))
      .filter(({ name }) => names.has(name)),
  );
}

function renderUse({ name, served, testers, baseline }: Used): string {
  const here = `{ var(txn.service) -m str ${name} }`;
  const [only, other] = served;
  // `nbsrv` cannot be used here: in a leaving process it is 0 for every backend.
  const leaving = only && !other ? renderRoads(`${name}.${only}`, `{ stopping } ${here}`) : '';
  const green = `${here} { var(txn.slot) -m str green }`;
  const tested = '{ var(txn.testers) -m found }';
  const ofTesters = testers
    ? `  use_backend ${name}.green.testers if ${green} ${tested}\n  use_backend ${name}.blue.testers if ${here} ${tested}\n`
    : '';
  // Visitors of the baseline meet the live slot when no baseline server answers, or when the process is leaving.
  const ofBaseline = baseline
    ? renderRoads(`${name}.baseline`, `${here} { var(txn.baseline) -m found } { nbsrv(${name}.baseline) gt 0 }`)
    : '';
  return `${leaving}${ofTesters}${ofBaseline}${renderRoads(`${name}.green`, green)}${renderRoads(`${name}.blue`, here)}`;
}

function renderRoads(backend: string, condition: string): string {
  return `  use_backend ${backend} if ${condition} ${REPEATABLE}
  use_backend ${backend}.once if ${condition}
`;
}

function renderEnvironment({ routing, errorPage }: HaproxyFragment, directory: string): string {
  const { scope } = routing;
  return `${HEAD}# ${scope.app}/${scope.environment}. Which slot gets which share stands in ${mapFile(directory, scope)}.

${renderBackends(routing, errorPage === undefined ? undefined : pageFile(directory, scope))}`;
}

function quoted(text: string): string {
  return `'${text.replace(/'/g, `'\\''`)}'`;
}
