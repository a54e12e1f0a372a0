import { CERTIFICATES, hostOf, pathOf, portOf, routeOf, unique, type Routing } from './routing';

/** Variables of nginx-proxy and its companion, which mean nothing to the service itself. */
export const NGINX_PROXY_VARIABLE =
  /^(VIRTUAL_(HOST|PORT|PATH|DEST|PROTO|HOST_MULTIPORTS)|LETSENCRYPT_\w+|HTTPS_METHOD)$/;

export function nginxProxyRouting(variables: Record<string, string>): Routing | undefined {
  const { VIRTUAL_HOST: hosts, VIRTUAL_HOST_MULTIPORTS: several } = variables;
  if (hosts === undefined && several === undefined) return undefined;
  const doubts: Routing['doubts'] = [];
  const doubt = (text: string): void => void doubts.push({ text, importance: 'decide' });
  const port = portOf(variables.VIRTUAL_PORT);
  const path = pathOf(variables.VIRTUAL_PATH || '/');
  if (path === undefined)
    doubt(`VIRTUAL_PATH ${variables.VIRTUAL_PATH} is a pattern, which a route cannot, so it has no route`);
  if (several !== undefined)
    doubt('VIRTUAL_HOST_MULTIPORTS sends hosts to several ports; a service has one here, so write its routes by hand');
  if (variables.VIRTUAL_DEST)
    doubt('nginx-proxy changed the path by VIRTUAL_DEST; here the service gets it as the visitor sent it');
  if (!/^http$/i.test(variables.VIRTUAL_PROTO ?? 'http'))
    doubt(
      `nginx-proxy spoke ${variables.VIRTUAL_PROTO} with it; this router speaks HTTP/1.1 without TLS to its containers`,
    );
  const secure = listOf(variables.LETSENCRYPT_HOST);
  const names = listOf(hosts);
  const routes = names.flatMap((name) => {
    const host = hostOf(name);
    if (host === undefined) doubt(`VIRTUAL_HOST ${name} is a pattern, which a route cannot, so it has no route`);
    if (host === undefined || path === undefined) return [];
    return [routeOf(80, host, path), ...(secure.includes(name) ? [routeOf(443, host, path)] : [])];
  });
  if (routes.some((route) => route.port === 443)) doubt(CERTIFICATES);
  return { router: 'nginx-proxy', routes: unique(routes), doubts, ...(port !== undefined && { port }) };
}

function listOf(text: string | undefined): string[] {
  return (text ?? '')
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '');
}
