import { describeRoute } from '../../domain/routes';
import { scopeKey, type Entry } from '../on-host/fragments';
import { HOST, HOST_END, pattern, UNCLEAR_PATHS } from '../on-host/matching';

/** HAProxy takes as path what stands between authority and query, and finds none in `*`. */
export const MATCHED = `  # A request that programs understand in different ways is refused; nginx answers the same.
  acl has_host req.fhdr(host) -m found
  acl clear_host req.fhdr(host) -m reg -i '^${HOST}${HOST_END}$'
  acl old req.ver 1.0
  acl absolute url -m reg '^[^/]'
  acl unclear url -m reg '^[^/?]+//[^/?]*@'
  acl unclear url -m reg '[#]'
${UNCLEAR_PATHS.map((unclear) => `  acl unclear path -m reg '${unclear}'\n`).join('')}  http-request set-uri / if has_host { url -m reg '^[^/?]+//[^/?]+$' }
  http-request return status 400 content-type text/plain string "The host or the path of this request is not clear.\\n" if unclear or has_host !clear_host or !has_host !old or !has_host absolute or !{ path -m found }
  # Versions get the path as it was sent, and nothing before it.
  http-request set-uri %[pathq] if absolute !{ req.ver 2.0 }
  http-request set-var(txn.host) req.fhdr(host),host_only,rtrim(.)
  http-request set-var-fmt(txn.asked) "%[var(txn.host)] %[path]"
`;

export function renderEntry({ scope, service, route }: Entry): string {
  return `  # ${describeRoute(route)}
  http-request set-var(txn.service) str(${scopeKey(scope)}.${service}) if !{ var(txn.service) -m found } { var(txn.asked) -m reg '${pattern(route)}' }`;
}
