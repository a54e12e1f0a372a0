import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';

/** It lies below the range from which systems take the ports of outgoing connections. */
const FIRST = 12_000;
/** Test files that run at once look in ranges of their own, so that none takes what another is about to use. */
const LANES = 8;
const LENGTH = 2_500;

// A process that is no worker of jest has no id, and takes the last range.
const lane = (Number(process.env.JEST_WORKER_ID ?? LANES) - 1) % LANES;
let next = randomInt(LENGTH);

/** Finds ports that nobody listens on just now, and that this file has not been given before. */
export async function freePorts(count: number): Promise<number[]> {
  const found: number[] = [];
  while (found.length < count) {
    const port = FIRST + lane * LENGTH + next;
    next = (next + 1) % LENGTH;
    if (await isFree(port)) found.push(port);
  }
  return found;
}

export async function freePort(): Promise<number> {
  const [port] = await freePorts(1);
  return port!;
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, () => server.close(() => resolve(true)));
  });
}
