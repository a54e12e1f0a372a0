import type { Scope } from '../../domain/release';
import { pageFile } from '../on-host/error-page';
import { entriesByPort, fragmentOf, scopeKey, tlsOf, type Entry } from '../on-host/fragments';
import { longestSilence } from '../on-host/limits';
import { renderTrustUse, trustsOf, type Trust } from './forwarded';
import { renderDispatch, renderMatching, servicePlace } from './matching';
import { NO_SHARE, statusPath, upstreamName, variable, type NginxFragment, type Share } from './names';
import { isH2c, renderPass, renderProxy, renderWebSocket, speaksHttp2 } from './pass';
import { renderMirrorLocation, renderMirrorUse } from './trial';

/** It stands in for the hash of the whole configuration, which is known last. */
export const HASH = '@HASH@';

export interface Around {
  fragments: NginxFragment[];
  /** Its keys are `APP.ENVIRONMENT`. */
  shares: Record<string, Share>;
  directory: string;
  ipv6: boolean;
  /** True when the nginx, and perhaps servers on the same ports, are somebody else's. */
  attached: boolean;
}

export function renderServers(around: Around): string {
  return [...entriesByPort(around.fragments)].map(([port, entries]) => renderPort(port, entries, around)).join('\n');
}

/** One server has all requests of a port, because nginx itself would match a path only after it has decoded it. */
function renderPort(port: number, entries: Entry[], around: Around): string {
  const { fragments } = around;
  const [tls] = tlsOf(port, fragments);
  const options = ` default_server${tls ? ' ssl' : ''}${speaksHttp2(port, entries, around) ? ' http2' : ''}`;
  const scopes = [...new Map(entries.map(({ scope }) => [scopeKey(scope), scope])).values()];
  const services = [...new Map(entries.map((entry) => [servicePlace(entry, fragments), entry])).values()];
  const certificate = tls
    ? `  ssl_certificate ${quoted(tls.certificate)};\n  ssl_certificate_key ${quoted(tls.key)};\n`
    : '';
  const locations = [
    ...scopes.map((scope) => renderStatus(scope, around)),
    ...scopes.map((scope) => renderPage(fragmentOf({ scope }, fragments), around.directory)),
    ...services.flatMap((entry) =>
      trustsOf(fragmentOf(entry, fragments)).map((trust) => renderPlaces(entry, trust, around)),
    ),
    renderDispatch(port),
  ];
  return `${renderMatching(port, entries, fragments)}server {
  listen ${port}${options};
${around.ipv6 ? `  listen [::]:${port}${options};\n` : ''}  server_name "";
${certificate}${renderProxy(fragments, longestSilence(entries, fragments))}${locations.join('')}}
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

function renderPlaces(entry: Entry, trust: Trust, around: Around): string {
  return `${renderMirror(entry, trust, around)}${renderLocation(entry, trust, around)}${renderWebSocket(entry, trust, around.fragments)}`;
}

function mirrorPath({ scope, service }: Entry, { ending }: Trust): string {
  return `${statusPath(scope)}/mirror/${service}${ending}`;
}

function renderMirror(entry: Entry, trust: Trust, { fragments, shares }: Around): string {
  const { scope, service } = entry;
  const { mirror } = shares[scopeKey(scope)] ?? NO_SHARE;
  if (!mirror || isH2c(entry, fragments)) return '';
  const path = mirrorPath(entry, trust);
  return renderMirrorLocation({ path, name: variable(scope), upstream: upstreamName(scope, service, mirror), trust });
}

function renderLocation(entry: Entry, trust: Trust, { fragments, shares }: Around): string {
  const { scope } = entry;
  const fragment = fragmentOf(entry, fragments);
  const page = fragment.errorPage === undefined ? '' : `    error_page 502 503 504 ${statusPath(scope)}/page;\n`;
  const copied = shares[scopeKey(scope)]?.mirror && !isH2c(entry, fragments);
  const mirror = copied ? renderMirrorUse(mirrorPath(entry, trust)) : '';
  // A request that is passed on by `grpc` keeps its path only in a location with a name.
  const place = `${servicePlace(entry, fragments)}${trust.ending}`;
  const begin = isH2c(entry, fragments) ? place : `= ${place}`;
  return `  location ${begin} {
${isH2c(entry, fragments) ? '' : '    internal;\n'}${renderTrustUse(trust)}${page}${mirror}${renderPass(entry, trust, fragments)}  }
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
