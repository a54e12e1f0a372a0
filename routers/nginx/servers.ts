import type { Scope } from '../../domain/release';
import { pageFile } from '../on-host/error-page';
import { entriesByPort, fragmentOf, scopeKey, serviceOf, tlsOf, type Entry } from '../on-host/fragments';
import { limitsOf, longestSilence, silenceOf } from '../on-host/limits';
import { FORWARDED_HEADERS, renderTrustUse } from './forwarded';
import { renderDispatch, renderMatching, servicePath } from './matching';
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

/** One server has all requests of a port, because nginx itself would match a path only after it has decoded it. */
function renderPort(port: number, entries: Entry[], around: Around): string {
  const { fragments } = around;
  const tls = tlsOf(port, fragments);
  const options = ` default_server${tls ? ' ssl' : ''}`;
  const scopes = [...new Map(entries.map(({ scope }) => [scopeKey(scope), scope])).values()];
  const services = [...new Map(entries.map((entry) => [servicePath(entry), entry])).values()];
  const certificate = tls
    ? `  ssl_certificate ${quoted(tls.certificate)};\n  ssl_certificate_key ${quoted(tls.key)};\n`
    : '';
  const locations = [
    ...scopes.map((scope) => renderStatus(scope, around)),
    ...scopes.map((scope) => renderPage(fragmentOf({ scope }, fragments), around.directory)),
    ...services.map((entry) => renderMirror(entry, around)),
    ...services.map((entry) => renderLocation(entry, around)),
    ...services.map((entry) => renderWebSockets(entry, fragments)),
    renderDispatch(port),
  ];
  return `${renderMatching(port, entries)}server {
  listen ${port}${options};
${around.ipv6 ? `  listen [::]:${port}${options};\n` : ''}  server_name "";
${certificate}${renderProxy(fragments, longestSilence(entries, fragments))}${locations.join('')}}
`;
}

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
  proxy_set_header Host $spillway_asked_host;
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

function mirrorPath({ scope, service }: Entry): string {
  return `${statusPath(scope)}/mirror/${service}`;
}

function renderMirror(entry: Entry, { shares }: Around): string {
  const { scope, service } = entry;
  const { mirror } = shares[scopeKey(scope)] ?? NO_SHARE;
  if (!mirror) return '';
  return renderMirrorLocation(mirrorPath(entry), variable(scope), upstreamName(scope, service, mirror));
}

function renderLocation(entry: Entry, { fragments, shares }: Around): string {
  const { scope, service } = entry;
  const name = variable(scope);
  const fragment = fragmentOf(entry, fragments);
  const page = fragment.errorPage === undefined ? '' : `    error_page 502 503 504 ${statusPath(scope)}/page;\n`;
  const silence = silenceOf(serviceOf(entry, fragment));
  const mirror = shares[scopeKey(scope)]?.mirror ? renderMirrorUse(mirrorPath(entry)) : '';
  return `  location = ${servicePath(entry)} {
    internal;
${renderTrustUse(fragment)}${renderKeep(fragment)}${page}${mirror}    error_page 418 = ${webSocketName(entry)};
    if ($spillway_upgrade) { return 418; }
    proxy_read_timeout ${silence}ms;
    proxy_send_timeout ${silence}ms;
    proxy_pass http://${upstreamName(scope, service, `$${name}_slot`)}$request_uri;
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
    proxy_pass http://${upstreamName(scope, service, `$${variable(scope)}_slot`)}$request_uri;
  }
`;
}

/** Replaces only nginx's own errors; a version's own 5xx goes through untouched. */
function renderPage({ routing: { scope }, errorPage }: NginxFragment, directory: string): string {
  if (errorPage === undefined) return '';
  return `  location = ${statusPath(scope)}/page { internal; default_type text/html; alias ${quoted(pageFile(directory, scope))}; }
`;
}

/** A `$` has no quoting, so the configuration refuses it. */
function quoted(path: string): string {
  return `'${path.replace(/['\\]/g, '\\$&')}'`;
}
