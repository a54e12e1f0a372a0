import type { Duplex } from 'node:stream';
import type { Endpoint } from '../../domain/endpoint';
import type { Host, Io } from '../../domain/host';
import { TimeUp, within } from '../../waiting/within';
import type { Protocol, Spoken } from '../replicas';

const ANSWER_MS = 5_000;
/** Bytes of an answer that are looked at. */
const LIMIT = 4_096;
const FRAME_HEAD = 9;
/** Kestrel says so in HTTP/1.1, with status 400. */
const ONLY_HTTP2 = /HTTP\/2 only endpoint/;

const OPENINGS: Record<Protocol, (address: string) => Buffer> = {
  http1: (address) =>
    Buffer.from(
      `GET / HTTP/1.1\r\nHost: ${address}\r\nUser-Agent: spillway\r\nAccept: */*\r\nConnection: close\r\n\r\n`,
    ),
  // The preface of a client, and its settings, of which it has none.
  h2c: () => Buffer.concat([Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'), Buffer.from([0, 0, 0, 4, 0, 0, 0, 0, 0])]),
};

/** Opens a connection in a protocol, and reads of the answer no more than tells which one that is in. */
export async function greet(host: Host, endpoint: Endpoint, protocol: Protocol, io: Io): Promise<Spoken> {
  const { address, port } = endpoint;
  const opening = OPENINGS[protocol](`${address}:${port}`);
  let stream: Duplex | undefined;
  let seen = Buffer.alloc(0);
  try {
    return await within({ signal: io.signal, limit: ANSWER_MS }, async (signal) => {
      stream = await host.connect({ host: address, port }, { ...io, signal });
      stream.write(opening);
      for await (const chunk of stream) {
        seen = Buffer.concat([seen, chunk as Buffer]);
        const spoken = spokenIn(seen, false);
        if (spoken) return spoken;
      }
      return spokenIn(seen, true) ?? 'neither';
    });
  } catch (error) {
    io.signal.throwIfAborted();
    // Whoever hangs up may have said something before.
    return spokenIn(seen, true) ?? (error instanceof TimeUp ? 'silence' : 'neither');
  } finally {
    stream?.on('error', () => undefined).destroy();
  }
}

/** Answers undefined when more bytes may tell. */
function spokenIn(seen: Buffer, isAll: boolean): Spoken | undefined {
  const text = seen.toString('latin1');
  if (/^HTTP\/1\.\d \d{3}/.test(text)) {
    if (!/^HTTP\/1\.\d 400/.test(text)) return 'http1';
    if (ONLY_HTTP2.test(text)) return 'h2c';
    return isAll || seen.length >= LIMIT ? 'http1' : undefined;
  }
  if (isSettings(seen)) return 'h2c';
  return seen.length >= 'HTTP/1.1 200'.length ? 'neither' : undefined;
}

/** They are the first that a server says in HTTP/2. */
function isSettings(seen: Buffer): boolean {
  if (seen.length < FRAME_HEAD) return false;
  const [length, type, flags, stream] = [seen.readUIntBE(0, 3), seen[3], seen[4], seen.readUInt32BE(5)];
  return length % 6 === 0 && length <= 6 * 64 && type === 4 && flags === 0 && stream === 0;
}
