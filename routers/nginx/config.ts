import { SLOTS, type Scope } from '../../domain/release';
import { contentHash, scopeKey, type Place } from '../on-host/fragments';
import type { Rendered } from '../on-host/folder';
import { FORWARDED_MAPS, renderTrust } from './forwarded';
import { MATCHING_MAPS } from './matching';
import { environmentFile, NO_SHARE, upstreamName, variable, type NginxFragment, type Share } from './names';
import { HASH, renderServers, type Around } from './servers';
import { renderMirrored, renderTester } from './trial';

/** nginx reads it last, because it refers to all others. */
export const SERVERS_FILE = '90-spillway-servers.conf';
/** Path inside the container. */
export const USER_FILE = '/tmp/spillway-user.conf';
const SHARED_FILE = '00-spillway.conf';

export function renderMain(conf: string): string {
  return `${HEAD}include ${USER_FILE};
worker_processes auto;
pid /tmp/nginx.pid;
error_log stderr notice;
events { worker_connections 8192; }
http {
  access_log off;
  server_tokens off;
  # Each app has variables of its own.
  variables_hash_max_size 4096;
  client_body_temp_path /tmp/nginx-body;
  proxy_temp_path /tmp/nginx-proxy;
  include ${conf}/*.conf;
}
`;
}

export function renderNginx(around: Around): Rendered {
  const { fragments, shares } = around;
  const files: Record<string, string> = { [SHARED_FILE]: SHARED };
  for (const fragment of fragments) {
    const { scope } = fragment.routing;
    files[environmentFile(scope)] = renderEnvironment(fragment, shares[scopeKey(scope)] ?? NO_SHARE);
  }
  const servers = renderServers(around);
  const hash = contentHash([...Object.values(files), ...fragments.map((one) => one.errorPage ?? ''), servers]);
  files[SERVERS_FILE] = `${HEAD}${servers.replaceAll(HASH, hash)}`;
  return { hash, files };
}

const HEAD = '# Written by Spillway from apps/*.json; what is changed here by hand is lost.\n\n';
const ALL_DRAWS = Array.from({ length: 100 }, (_, draw) => draw);

const SHARED = `${HEAD}# HTTP/2 begins in other ways: a client that asks to change to it goes on with HTTP/1.1.
map $http_upgrade $spillway_upgrade {
  default $http_upgrade;
  ~*h2c '';
}
map $spillway_upgrade $spillway_connection {
  default upgrade;
  '' '';
}
${FORWARDED_MAPS}${MATCHING_MAPS}geo $spillway_local {
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

function renderEnvironment(fragment: NginxFragment, { green, ...trial }: Share): string {
  const { scope, services, affinity, testers } = fragment.routing;
  const name = variable(scope);
  const upstreams = services.flatMap(({ service, slots }) =>
    SLOTS.map((slot) => renderUpstream(upstreamName(scope, service, slot), slots[slot])),
  );
  return `${HEAD}${renderTrust(fragment)}# ${scope.app}/${scope.environment}: green has ${green} %.
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

/** The cookie is set only while there are two slots to choose from. */
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

function renderUpstream(name: string, servers: Place[]): string {
  const lines = servers.map(({ address, port }) => `  server ${address}:${port} max_fails=1 fail_timeout=1s;\n`);
  // nginx demands at least one server.
  return `upstream ${name} {
${lines.length > 0 ? lines.join('') : '  server 127.0.0.1:1 down;\n'}  keepalive 32;
}
`;
}

function inRows(words: string[]): string {
  const rows: string[] = [];
  for (let index = 0; index < words.length; index += 10) rows.push(`  ${words.slice(index, index + 10).join(' ')}`);
  return rows.join('\n');
}
