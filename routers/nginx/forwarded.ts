import { CLAIMS, MISSPELT } from '../on-host/claims';
import { variable, type NginxFragment } from './names';

export const FORWARDED_MAPS = `# Who the visitor is, and what was asked. Only trusted proxies may say so.
# Each location sets this to what its app says of the client.
map '' $spillway_trusted { default 0; }
map $spillway_trusted $spillway_for {
  default $remote_addr;
  1 $proxy_add_x_forwarded_for;
}
map "$spillway_trusted:$http_x_forwarded_proto" $spillway_proto {
  default $scheme;
  "~*^1:\\s*https\\s*(,|$)" https;
  "~*^1:\\s*http\\s*(,|$)" http;
}
map "$spillway_trusted:$http_x_forwarded_host" $spillway_host {
  default $http_host;
  "~^1:\\s*(?<spillway_claimed_host>[^,\\s]+)" $spillway_claimed_host;
}
map $spillway_proto $spillway_standard_port {
  default 80;
  https 443;
}
map "$spillway_trusted:$http_x_forwarded_port:$spillway_host" $spillway_port {
  default $spillway_standard_port;
  "~^1:\\s*(?<spillway_claimed_port>\\d+)\\s*[,:]" $spillway_claimed_port;
  "~:(?<spillway_host_port>\\d+)$" $spillway_host_port;
}
map $spillway_proto $spillway_secure {
  default '';
  https '; Secure';
}
${CLAIMS.map(renderClaim).join('')}`;

function renderClaim(name: string): string {
  return `map $spillway_trusted ${claim(name)} { default ''; 1 $http_${underscored(name)}; }
`;
}

const FORWARDED: [name: string, value: string][] = [
  ['X-Forwarded-For', '$spillway_for'],
  ['X-Forwarded-Proto', '$spillway_proto'],
  ['X-Forwarded-Host', '$spillway_host'],
  ['X-Forwarded-Port', '$spillway_port'],
  ...CLAIMS.map((name): [string, string] => [name, claim(name)]),
  ...MISSPELT.map((name): [string, string] => [name, "''"]),
];

/** Headers of every request to a version. The hash of the module `grpc` has a fixed size, in which they fit. */
export function forwardedHeaders(module: 'proxy' | 'grpc'): string {
  const hash = '  proxy_headers_hash_max_size 4096;\n  proxy_headers_hash_bucket_size 128;\n';
  return `${module === 'proxy' ? hash : ''}${FORWARDED.map(([name, value]) => `  ${module}_set_header ${name} ${value};\n`).join('')}`;
}

export function renderTrust({ routing: { scope }, trustedProxies = [] }: NginxFragment): string {
  if (trustedProxies.length === 0) return '';
  return `geo ${trusted(scope)} {
  default 0;
${trustedProxies.map((range) => `  ${range} 1;\n`).join('')}}
`;
}

export function renderTrustUse({ routing: { scope }, trustedProxies = [] }: NginxFragment): string {
  return `    set $spillway_trusted ${trustedProxies.length > 0 ? trusted(scope) : 0};
`;
}

function trusted(scope: NginxFragment['routing']['scope']): string {
  return `$${variable(scope)}_trusted`;
}

function claim(name: string): string {
  return `$spillway_claim_${underscored(name)}`;
}

function underscored(name: string): string {
  return name.toLowerCase().replaceAll('-', '_');
}
