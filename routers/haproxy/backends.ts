import { GROUPS, SLOTS, type Group } from '../../domain/release';
import type { HostRouting } from '../on-host/fragments';
import { silenceOf } from '../on-host/limits';
import { backendName, latencyTable } from './names';

/** Upper bounds in ms; one more bucket takes slower requests. */
export const LATENCY_BOUNDS = [
  1, 2, 5, 10, 20, 35, 50, 75, 100, 150, 200, 300, 500, 750, 1_000, 1_500, 2_500, 5_000, 10_000, 30_000,
];

/** Number of the counter of errors that no status tells: tried again with success, or an error of gRPC. */
export const OTHER_ERRORS = LATENCY_BOUNDS.length + 1;
/** Number of the counter of requests for which HAProxy answered, because the version that it reached did not. */
export const ANSWERED_FOR = OTHER_ERRORS + 1;

/** These requests change nothing, so they may be sent twice. */
export const REPEATABLE = '{ method GET HEAD OPTIONS }';

/*
 * A version may close a kept connection just when a request arrives, and HAProxy then hangs up on the client. So it
 * sends repeatable requests again, and gives each of the others a new connection, where this cannot happen.
 */
const ROADS = {
  repeatable: `  # Over kept connections; sent again if the version ends one without an answer.
  retry-on conn-failure empty-response
`,
  once: `  # Each over a connection of its own, which the version cannot have ended meanwhile.
  http-reuse never
  option http-server-close
`,
  testers: `  # Like those, but not counted: testers are no sample of the visitors.
  http-reuse never
  option http-server-close
`,
} as const;

/** Over HTTP/2 a version says which requests it will not answer before it ends a connection. */
const ROADS_OF_H2C: Record<Road, string> = {
  ...ROADS,
  once: `  # Sent once, over kept connections.
`,
  testers: `  # Like those, but not counted: testers are no sample of the visitors.
`,
};

type Road = keyof typeof ROADS;
type Service = HostRouting['services'][number];

export function renderBackends({ scope, services, testers }: HostRouting, errorPageFile: string | undefined): string {
  const page = errorPageFile === undefined ? '' : renderErrorPage(errorPageFile);
  const backends = services.flatMap((service) => [
    ...SLOTS.flatMap((group) => renderGroup({ scope, service, group, page }, testers !== undefined)),
    // Testers never meet the baseline.
    ...(service.baseline ? renderGroup({ scope, service, group: 'baseline', page }, false) : []),
  ]);
  return `# Counts requests by service, group and latency: counter N has those up to bound N of
# ${LATENCY_BOUNDS.join(' ')} ms, number ${LATENCY_BOUNDS.length} those above,
# number ${OTHER_ERRORS} errors that no status tells: those that were tried again with success, or errors of gRPC,
# and number ${ANSWERED_FOR} those for which HAProxy answered, because the version that it reached did not.
backend ${latencyTable(scope)} from spillway
  stick-table type string len 90 size ${services.length * GROUPS.length + 10} store gpc(${ANSWERED_FOR + 1})

${backends.join('\n')}`;
}

function renderGroup(parts: Omit<BackendParts, 'road'>, testers: boolean): string[] {
  const roads: Road[] = ['repeatable', 'once', ...(testers ? (['testers'] as const) : [])];
  return roads.map((road) => renderBackend({ ...parts, road }));
}

function renderErrorPage(file: string): string {
  return [502, 503, 504]
    .map((status) => `  http-error status ${status} content-type text/html file ${file}\n`)
    .join('');
}

interface BackendParts {
  scope: HostRouting['scope'];
  service: Service;
  group: Group;
  page: string;
  road: Road;
}

function renderBackend({ scope, service: settings, group, page, road }: BackendParts): string {
  const { service, slots, baseline = [], protocol } = settings;
  const roads = protocol === 'h2c' ? ROADS_OF_H2C : ROADS;
  const name = backendName(scope, service, group);
  const servers = { ...slots, baseline }[group].map(({ address, port }, index) => {
    const server = `${group}-${index + 1}`;
    return `  server ${server} ${address}:${port}${protocol === 'h2c' ? ' proto h2' : ''}${road !== 'repeatable' ? ` no-check track ${name}/${server}` : ''}\n`;
  });
  return `backend ${road === 'repeatable' ? name : `${name}.${road}`} from spillway
  timeout server ${silenceOf(settings)}ms
${roads[road]}${page}${road === 'testers' ? '' : renderCounting(scope, settings, group)}${servers.join('')}`;
}

/*
 * What OpenTelemetry takes for a server's error: UNKNOWN, DEADLINE_EXCEEDED, UNIMPLEMENTED, INTERNAL, UNAVAILABLE and
 * DATA_LOSS. gRPC tells them in the head of an answer that has no message. HAProxy cannot read them behind messages.
 */
const COUNT_GRPC = `  http-response sc-inc-gpc(${OTHER_ERRORS},0) if { status lt 500 } { var(txn.retries) -m str 0 } { res.hdr(grpc-status) -m str 2 4 12 13 14 15 }
`;

// HAProxy answers 503 when it reached no server, and counts that itself. Where a rule runs for all answers, HAProxy 2.6
// has no action that counts, but a sample that does.
function renderCounting(scope: HostRouting['scope'], { service, protocol }: Service, group: Group): string {
  return `  http-request set-var(txn.began) date(0,us)
  http-request track-sc0 str(${service}.${group}) table ${latencyTable(scope)}
  http-response allow if { status 101 }
  http-response set-var-fmt(txn.retries) %rc
  http-response sc-inc-gpc(${OTHER_ERRORS},0) if { status lt 500 } !{ var(txn.retries) -m str 0 }
${protocol === 'h2c' ? COUNT_GRPC : ''}  http-response set-var(txn.took) date(0,us),sub(txn.began)
${LATENCY_BOUNDS.map(renderBucket).join('')}  http-response sc-inc-gpc(${LATENCY_BOUNDS.length},0)
  http-after-response set-var(txn.answered_for) sc_inc_gpc(${ANSWERED_FOR},0) if { status 502 504 } !{ var(txn.took) -m found }
`;
}

function renderBucket(bound: number, index: number): string {
  const within = `if { var(txn.took) -m int le ${bound * 1_000} }`;
  return `  http-response sc-inc-gpc(${index},0) ${within}\n  http-response allow ${within}\n`;
}
