import { fragmentOf, scopeKey, serviceOf, tlsOf, type Entry } from '../on-host/fragments';
import { limitsOf, silenceOf } from '../on-host/limits';
import { forwardedHeaders, type Trust } from './forwarded';
import { upstreamName, variable, type NginxFragment } from './names';

/*
 * How requests are passed on: over HTTP/1.1 by nginx's module `proxy`, over HTTP/2 without TLS by its module `grpc`,
 * which passes on any request.
 */

export function renderProxy(fragments: NginxFragment[], silence: number): string {
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
${renderHeaders(false)}  proxy_connect_timeout 2s;
  proxy_next_upstream error;
`;
}

function renderHeaders(isTrusted: boolean): string {
  return `  proxy_set_header Host $spillway_asked_host;
${forwardedHeaders('proxy', isTrusted)}  proxy_set_header Upgrade $spillway_upgrade;
  proxy_set_header Connection $spillway_connection;
`;
}

export function isH2c(entry: Entry, fragments: NginxFragment[]): boolean {
  return serviceOf(entry, fragmentOf(entry, fragments)).protocol === 'h2c';
}

/** An nginx that was already there speaks HTTP/2 only where a version does, because others may share its ports. */
export function speaksHttp2(
  port: number,
  entries: Entry[],
  { fragments, attached }: { fragments: NginxFragment[]; attached: boolean },
): boolean {
  return (!attached && tlsOf(port, fragments).length > 0) || entries.some((entry) => isH2c(entry, fragments));
}

/** What stands in the location of a route. */
export function renderPass(entry: Entry, trust: Trust, fragments: NginxFragment[]): string {
  const fragment = fragmentOf(entry, fragments);
  const silence = silenceOf(serviceOf(entry, fragment));
  if (isH2c(entry, fragments)) {
    const { answerHead } = limitsOf(fragments);
    return `${renderKeep(fragment)}    grpc_set_header Host $spillway_asked_host;
${forwardedHeaders('grpc', trust.isTrusted)}    grpc_buffer_size ${answerHead};
    grpc_connect_timeout 2s;
    grpc_next_upstream error;
${renderSilence('grpc', `${silence}ms`)}    grpc_pass grpc://${upstreamOf(entry)};
`;
  }
  return `${renderKeep(fragment)}${renderOwnHeaders(trust)}    error_page 418 = ${webSocketName(entry, trust)};
    if ($spillway_upgrade) { return 418; }
${renderSilence('proxy', `${silence}ms`)}    proxy_pass http://${upstreamOf(entry)}$request_uri;
`;
}

/** nginx has no time-out for WebSockets alone, so they have a place of their own: they live long and say little. */
export function renderWebSocket(entry: Entry, trust: Trust, fragments: NginxFragment[]): string {
  if (isH2c(entry, fragments)) return '';
  return `  location ${webSocketName(entry, trust)} {
${renderKeep(fragmentOf(entry, fragments))}${renderOwnHeaders(trust)}${renderSilence('proxy', '24h')}    proxy_pass http://${upstreamOf(entry)}$request_uri;
  }
`;
}

/** Other places have the headers of their server. */
function renderOwnHeaders({ isTrusted }: Trust): string {
  return isTrusted ? renderHeaders(true) : '';
}

function webSocketName({ scope, service }: Entry, { ending }: Trust): string {
  return `@${scopeKey(scope)}.${service}.websocket${ending}`;
}

function upstreamOf({ scope, service }: Entry): string {
  return upstreamName(scope, service, `$${variable(scope)}_slot`);
}

function renderSilence(module: 'proxy' | 'grpc', silence: string): string {
  return `    ${module}_read_timeout ${silence};
    ${module}_send_timeout ${silence};
`;
}

function renderKeep({ routing: { scope, affinity } }: NginxFragment): string {
  return affinity ? `    add_header Set-Cookie $${variable(scope)}_keep always;\n` : '';
}
