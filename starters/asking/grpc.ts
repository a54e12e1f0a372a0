import { once } from 'node:events';
import { connect, isIP } from 'node:net';
import type { Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import type { ReadyCheck } from '../../domain/health';
import { exchangeHttp2 } from '../../waiting/http2';
import { within } from '../../waiting/within';

/**
 * Asks a URL for the health of gRPC as gRPC clients would: over HTTP/2, which they speak from the first byte where
 * there is no TLS.
 *
 * @throws TimeUp after the check's time-out
 */
export function askGrpc(url: URL, check: ReadyCheck, limit: number): Promise<{ status: number; body: string }> {
  return within({ signal: null, limit: check.timeout }, async (signal) => {
    const tls = url.protocol === 'https:';
    const socket = dial(url, tls);
    const stop = (): void => void socket.destroy();
    signal.addEventListener('abort', stop, { once: true });
    try {
      if (tls) await once(socket, 'secureConnect', { signal });
      if ('alpnProtocol' in socket && socket.alpnProtocol !== 'h2')
        throw new Error('a port that does not speak HTTP/2 over TLS');
      const path = `${url.pathname}${url.search}`;
      return await exchangeHttp2(socket, { host: url.host, tls, check: { ...check, path }, limit });
    } finally {
      stop();
    }
  });
}

function dial(url: URL, tls: boolean): Socket {
  const host = url.hostname.replace(/^\[|\]$/g, '');
  const port = Number(url.port) || (tls ? 443 : 80);
  if (!tls) return connect({ host, port });
  // What TLS calls a server name is never an address.
  return connectTls({ host, port, ALPNProtocols: ['h2'], ...(isIP(host) === 0 && { servername: host }) });
}
