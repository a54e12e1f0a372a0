import { otherSlot, type Slot } from '../../domain/release';
import { forwardedHeaders, type Trust } from './forwarded';
import type { Testers } from '../../domain/config/testers';

export function renderTester(name: string, testers: Testers, slot: Slot): string {
  const [seen, pattern] =
    'header' in testers
      ? [`$http_${testers.header.name.toLowerCase().replaceAll('-', '_')}`, `^${exact(testers.header.value)}$`]
      : ['$http_cookie', `(^|; ?)${exact(testers.cookie.name)}=${exact(testers.cookie.value)}(;|$)`];
  return `# Testers all go to the version that is on trial.
map ${seen} $${name}_slot {
  default $${name}_drawn;
  "~${pattern}" ${slot};
}
`;
}

/** Copies only requests that change nothing and that the other slot answers. */
export function renderMirrored(name: string, slot: Slot): string {
  const live = otherSlot(slot);
  return `# Requests of which ${slot} gets a copy; nobody waits for what it answers.
map "$request_method:$http_upgrade:$${name}_slot" $${name}_mirrored {
  default 0;
  "GET::${live}" 1;
  "HEAD::${live}" 1;
}
`;
}

export function renderMirrorUse(path: string): string {
  return `    mirror ${path};
    mirror_request_body off;
`;
}

interface Mirror {
  path: string;
  name: string;
  upstream: string;
  trust: Trust;
}

/** Limits how long nginx waits for the mirror, because it holds up the next request of the visitor's connection. */
export function renderMirrorLocation({ path, name, upstream, trust }: Mirror): string {
  return `  location = ${path} {
    internal;
    if ($${name}_mirrored = 0) { return 204; }
    proxy_pass http://${upstream}$request_uri;
    proxy_pass_request_body off;
    proxy_set_header Host $spillway_asked_host;
${forwardedHeaders('proxy', trust.isTrusted)}    proxy_set_header X-Spillway-Mirror 1;
    proxy_set_header Content-Length '';
    proxy_set_header Connection '';
    proxy_read_timeout 2s;
    proxy_next_upstream off;
  }
`;
}

function exact(text: string): string {
  return text.replaceAll('.', '\\.');
}
