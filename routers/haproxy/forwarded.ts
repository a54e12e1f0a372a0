import { CLAIMS, MISSPELT } from '../on-host/claims';
import { scopeKey } from '../on-host/fragments';
import type { HaproxyFragment } from './config';

/** HAProxy cannot join headers of one name, so so many of them are read, from the last one on. */
const MOST_LINES = 8;

const TRUSTED = '{ var(txn.trusted) -m found }';
const CLAIMED_PROTO = 'req.hdr(x-forwarded-proto,1),lower';

/** HAProxy reads 64 words of a line. */
const RANGES_OF_A_LINE = 40;

/** Runs after `txn.service` is known, because each app says whom it trusts. */
export function renderForwarded(fragments: HaproxyFragment[], scheme: 'http' | 'https'): string {
  return `
  # Who the visitor is, and what was asked. Only trusted proxies may say so. A client that speaks IPv4 has an IPv4 address.
  http-request set-var(txn.peer) src,regsub(^::ffff:,)
${fragments.map(renderTrust).join('')}  http-request set-var(txn.proto) str(${scheme})
  http-request set-var(txn.proto) ${CLAIMED_PROTO} if ${TRUSTED} { ${CLAIMED_PROTO} -m str http https }
  http-request set-var(txn.host) req.hdr(host)
  http-request set-var(txn.host) req.hdr(x-forwarded-host,1) if ${TRUSTED} { req.hdr(x-forwarded-host,1) -m len 1: }
  http-request set-var(txn.port) str(80)
  http-request set-var(txn.port) str(443) if { var(txn.proto) -m str https }
  http-request set-var(txn.port) var(txn.host),regsub(^.*:,) if { var(txn.host) -m reg :[0-9]+$ }
  http-request set-var(txn.port) req.hdr(x-forwarded-port,1) if ${TRUSTED} { req.hdr(x-forwarded-port,1) -m reg ^[0-9]+$ }
  http-request set-var(txn.for) var(txn.peer)
${lines((line) => `  http-request set-var-fmt(txn.for) "%[req.fhdr(x-forwarded-for,-${line})], %[var(txn.for)]" if ${TRUSTED} { req.fhdr_cnt(x-forwarded-for) ge ${line} }`)}
  http-request set-header X-Forwarded-For %[var(txn.for)]
  http-request set-header X-Forwarded-Proto %[var(txn.proto)]
  http-request set-header X-Forwarded-Host %[var(txn.host)]
  http-request del-header X-Forwarded-Host if !{ var(txn.host) -m len 1: }
  http-request set-header X-Forwarded-Port %[var(txn.port)]
  http-request del-header ^(${CLAIMS.join('|').toLowerCase()})$ -m reg if !${TRUSTED}
  http-request del-header ^(${MISSPELT.join('|').toLowerCase()})$ -m reg
`;
}

function renderTrust({ routing: { scope }, trustedProxies = [] }: HaproxyFragment): string {
  const here = `{ var(txn.service) -m beg ${scopeKey(scope)}. }`;
  let rendered = '';
  for (let first = 0; first < trustedProxies.length; first += RANGES_OF_A_LINE) {
    const ranges = trustedProxies.slice(first, first + RANGES_OF_A_LINE).join(' ');
    rendered += `  http-request set-var(txn.trusted) bool(true) if ${here} { var(txn.peer) -m ip ${ranges} }\n`;
  }
  return rendered;
}

function lines(render: (line: number) => string): string {
  return Array.from({ length: MOST_LINES }, (_, index) => render(index + 1)).join('\n');
}
