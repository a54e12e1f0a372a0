import type { Routing } from '../router';

/** From this version on a port without TLS speaks HTTP/1.1 and HTTP/2, as clients wish. */
const BOTH_IN_PLAIN = [1, 25, 1];

/** @returns why this nginx cannot serve the versions that speak HTTP/2, and what to do; undefined when it can */
export function refusalOfHttp2(
  { services }: Pick<Routing, 'services'>,
  tlsPorts: number[],
  version: string | undefined,
): string | undefined {
  const numbers = /^(\d+)\.(\d+)\.(\d+)/
    .exec(version ?? '')
    ?.slice(1)
    .map(Number);
  if (!numbers || !isOlder(numbers)) return undefined;
  const plain = services
    .filter(({ protocol }) => protocol === 'h2c')
    .flatMap(({ service, routes }) => routes.map(({ port }) => ({ service, port })))
    .find(({ port }) => !tlsPorts.includes(port));
  if (!plain) return undefined;
  return (
    `expected nginx ${BOTH_IN_PLAIN.join('.')} or later for \`services.${plain.service}.protocol: h2c\` on port ${plain.port} without TLS, ` +
    `seen ${version}: upgrade nginx, list the port in \`router.tls.ports\`, or use \`router.kind: haproxy\``
  );
}

function isOlder(numbers: number[]): boolean {
  const at = BOTH_IN_PLAIN.findIndex((number, index) => numbers[index] !== number);
  return at >= 0 && numbers[at]! < BOTH_IN_PLAIN[at]!;
}
