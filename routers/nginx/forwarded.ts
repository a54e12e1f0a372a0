import { CLAIMS, MISSPELT } from '../on-host/claims';
import { variable, type NginxFragment } from './names';

/*
 * nginx cannot tell `X_Forwarded_Host` from `X-Forwarded-Host`, which a visitor may send past a proxy, and puts `, `
 * between what it finds in several of them. So a list with a space is believed only where all of it is the same.
 */
const AND_MORE = (same: string) => `\\s*(,[^\\s:]*|(,\\s*${same}\\s*)*)`;

export const FORWARDED_MAPS = `# Who the visitor is, and what was asked. Only trusted proxies may say so.
# Each location sets this to whether its app trusts the client.
map '' $spillway_trusted { default 0; }
map $spillway_trusted $spillway_for {
  default $remote_addr;
  1 $proxy_add_x_forwarded_for;
}
map "$spillway_trusted:$http_x_forwarded_proto" $spillway_proto {
  default $scheme;
  "~*^1:\\s*https${AND_MORE('https')}$" https;
  "~*^1:\\s*http${AND_MORE('http')}$" http;
}
map "$spillway_trusted:$http_x_forwarded_host" $spillway_host {
  default $http_host;
  "~^1:\\s*(?<spillway_claimed_host>[^,\\s]+)\\s*(,\\S*|(,\\s*\\k<spillway_claimed_host>\\s*)*)$" $spillway_claimed_host;
}
map $spillway_proto $spillway_standard_port {
  default 80;
  https 443;
}
map "$spillway_trusted:$http_x_forwarded_port:$spillway_host" $spillway_port {
  default $spillway_standard_port;
  "~^1:\\s*(?<spillway_claimed_port>\\d+)${AND_MORE('\\k<spillway_claimed_port>')}:" $spillway_claimed_port;
  "~:(?<spillway_host_port>\\d+)$" $spillway_host_port;
}
map $spillway_proto $spillway_secure {
  default '';
  https '; Secure';
}
`;

const SET: Header[] = [
  ['X-Forwarded-For', '$spillway_for'],
  ['X-Forwarded-Proto', '$spillway_proto'],
  ['X-Forwarded-Host', '$spillway_host'],
  ['X-Forwarded-Port', '$spillway_port'],
];

type Header = [name: string, value: string];

/** What a trusted client says otherwise is not mentioned, and so passed on as it came under its very name. */
function headersFor(isTrusted: boolean): Header[] {
  const removed = [...(isTrusted ? [] : CLAIMS), ...MISSPELT];
  return [...SET, ...removed.map((name): Header => [name, "''"])];
}

/** Headers of a request to a version. The hash of the module `grpc` has a fixed size, in which they fit. */
export function forwardedHeaders(module: 'proxy' | 'grpc', isTrusted: boolean): string {
  const hash = '  proxy_headers_hash_max_size 4096;\n  proxy_headers_hash_bucket_size 128;\n';
  const lines = headersFor(isTrusted).map(([name, value]) => `  ${module}_set_header ${name} ${value};\n`);
  return `${module === 'proxy' ? hash : ''}${lines.join('')}`;
}

export function renderTrust({ routing: { scope }, trustedProxies = [] }: NginxFragment): string {
  if (trustedProxies.length === 0) return '';
  return `geo ${trusted(scope)} {
  default 0;
${trustedProxies.map((range) => `  ${range} 1;\n`).join('')}}
`;
}

/** Requests of clients that are trusted have places of their own. */
export interface Trust {
  isTrusted: boolean;
  /** What the names of those places end in. */
  ending: string;
}

/** Names of services have no dots, so an ending makes no name of another service. */
export function trustsOf({ trustedProxies = [] }: NginxFragment): Trust[] {
  if (trustedProxies.length === 0) return [{ isTrusted: false, ending: '' }];
  return [0, 1].map((value) => ({ isTrusted: value === 1, ending: `.${value}` }));
}

/** Becomes the ending of the place for a request. */
export function trustOfRequest({ routing: { scope }, trustedProxies = [] }: NginxFragment): string {
  return trustedProxies.length === 0 ? '' : `.${trusted(scope)}`;
}

export function renderTrustUse({ isTrusted }: Trust): string {
  return `    set $spillway_trusted ${isTrusted ? 1 : 0};
`;
}

function trusted(scope: NginxFragment['routing']['scope']): string {
  return `$${variable(scope)}_trusted`;
}
