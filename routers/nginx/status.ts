import type { Duplex } from 'node:stream';
import { connect } from 'node:tls';
import { UnreachableFailure } from '../../domain/failures';
import type { Host, Io } from '../../domain/host';
import { formatDuration } from '../../domain/units';
import { scopeKey } from '../on-host/fragments';
import { statusPath } from './names';
import type { State } from './state';
import type { Scope } from '../../domain/release';

const ANSWER_MS = 5_000;

export interface Status {
  share: number;
  hash: string;
  pid: number;
}

/** Answers undefined when the router does not know the environment, or nothing of Spillway's answers. */
export function statusOf(host: Host, { fragments }: State, scope: Scope, io: Io): Promise<Status | undefined> {
  const fragment = fragments.find(({ routing }) => scopeKey(routing.scope) === scopeKey(scope));
  const port = fragment?.routing.services.flatMap(({ routes }) => routes)[0]?.port;
  if (!fragment || port === undefined) return Promise.resolve(undefined);
  return readStatus(host, { port, tls: fragment.tls?.ports.includes(port) ?? false }, scope, io);
}

/** Asks over a new connection, as a new visitor would. */
async function readStatus(
  host: Host,
  at: { port: number; tls: boolean },
  scope: Scope,
  io: Io,
): Promise<Status | undefined> {
  try {
    const plain = await host.connect({ host: '127.0.0.1', port: at.port }, io);
    const stream = at.tls ? connect({ socket: plain, rejectUnauthorized: false }) : plain;
    const answer = await exchange(stream, `GET ${statusPath(scope)} HTTP/1.0\r\nHost: 127.0.0.1\r\n\r\n`, io);
    const found = /share=(\d+) config=(\S+) pid=(\d+)/.exec(answer);
    return found ? { share: Number(found[1]), hash: found[2]!, pid: Number(found[3]) } : undefined;
  } catch (error) {
    if (error instanceof UnreachableFailure) return undefined;
    throw error;
  }
}

function exchange(stream: Duplex, request: string, io: Io): Promise<string> {
  return new Promise((resolve, reject) => {
    let answer = '';
    const end = (settle: () => void): void => {
      clearTimeout(timer);
      io.signal.removeEventListener('abort', aborted);
      stream.destroy();
      settle();
    };
    const aborted = (): void => end(() => reject(io.signal.reason as Error));
    const fail = (seen: string): void =>
      end(() => reject(new UnreachableFailure(`expected nginx to say its share, seen ${seen}`)));
    const timer = setTimeout(() => fail(`no answer within ${formatDuration(ANSWER_MS)}`), ANSWER_MS);
    io.signal.addEventListener('abort', aborted, { once: true });
    stream.on('data', (chunk: Buffer) => (answer += chunk.toString('utf8')));
    stream.on('error', (error) => fail(error.message));
    stream.on('close', () => end(() => resolve(answer)));
    stream.write(request);
  });
}
