import { setTimeout as pause } from 'node:timers/promises';
import { Client, type ChannelCredentials, type ClientDuplexStream } from '@grpc/grpc-js';

/* What users of a gRPC service run: the usual client, here of the small server in tests/fixtures/tiny/rates.js. */

const asText = (bytes: Buffer): string => bytes.toString('utf8');
const asBytes = (text: string): Buffer => Buffer.from(text);
/** It only ends a hang. */
const HANGS_MS = 120_000;

export class RatesClient {
  private readonly client: Client;

  constructor(port: number, credentials: ChannelCredentials) {
    this.client = new Client(`localhost:${port}`, credentials);
  }

  /** Answers the version that answered. */
  ask(): Promise<string> {
    return new Promise((resolve, reject) => {
      const deadline = Date.now() + HANGS_MS;
      this.client.makeUnaryRequest('/fx.Rates/Ask', asBytes, asText, 'ask', { deadline }, (error, version) =>
        error ? reject(error) : resolve(version!),
      );
    });
  }

  watch(): ClientDuplexStream<string, string> {
    return this.client.makeBidiStreamRequest('/fx.Rates/Watch', asBytes, asText);
  }

  close(): void {
    this.client.close();
  }
}

export interface CallsSeen {
  /** Answers by version. */
  versions: Record<string, number>;
  /** What ended other calls, in words. */
  failed: string[];
}

/** Callers that each ask again and again, until `stop()`, which waits for what is on its way. */
export function startCalls(clients: RatesClient[], each: number): { seen: CallsSeen; stop: () => Promise<CallsSeen> } {
  const seen: CallsSeen = { versions: {}, failed: [] };
  let stopping = false;
  const caller = async (client: RatesClient): Promise<void> => {
    while (!stopping) {
      try {
        const version = await client.ask();
        seen.versions[version] = (seen.versions[version] ?? 0) + 1;
      } catch (error) {
        seen.failed.push((error as Error).message);
      }
      await pause(20);
    }
  };
  const callers = clients.flatMap((client) => Array.from({ length: each }, () => caller(client)));
  const stop = async (): Promise<CallsSeen> => {
    stopping = true;
    await Promise.all(callers);
    return seen;
  };
  return { seen, stop };
}
