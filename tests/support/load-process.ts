import { Agent, request } from 'node:http';
import { WebSocket } from 'ws';

/*
 * Runs as a process of its own (load.ts): keep-alive connections, one connection per request, and WebSockets, each at a
 * bounded rate. A request is lost when no version answered it: no answer, or an error that the router made up.
 */

export interface LoadOptions {
  /** `http://127.0.0.1:PORT` */
  url: string;
  paths: string[];
  /** Clients with a connection each, used again and again; as many again share connections, which idle now and then. */
  keepAlive: number;
  /** Clients that open a connection for every request: they notice a listener that is away for a moment. */
  fresh: number;
  /** WebSockets at `/ws`. */
  sockets: number;
  /** Pause of each client between its requests, in ms. */
  pauseMs: number;
  longestMs?: number;
}

export interface LoadReport {
  sent: number;
  ok: number;
  /** Answered by no version. */
  lost: number;
  /** Errors that a version itself answered. */
  appErrors: number;
  /** Answers by `x-version`. */
  versions: Record<string, number>;
  /** Answers by `x-slot`. */
  slots: Record<string, number>;
  sockets: { opened: number; messages: number; closed: number };
  /** The first 20 losses, in words. */
  losses: string[];
  /** Slowest answer, in ms. */
  slowest: number;
}

/** It does not judge how fast a version is, since a busy machine may be slow. */
const TIMEOUT_MS = 30_000;
const options = JSON.parse(process.argv[2] ?? '{}') as LoadOptions;
const report: LoadReport = {
  sent: 0,
  ok: 0,
  lost: 0,
  appErrors: 0,
  versions: {},
  slots: {},
  sockets: { opened: 0, messages: 0, closed: 0 },
  losses: [],
  slowest: 0,
};
let stopping = false;
const inFlight = new Set<Promise<void>>();

interface Seen {
  status: number;
  version?: string;
  slot?: string;
}

function ask(path: string, agent: Agent | false): Promise<Seen> {
  return new Promise((resolve, reject) => {
    const asked = request(`${options.url}${path}`, { agent, timeout: TIMEOUT_MS }, (response) => {
      const { 'x-version': version, 'x-slot': slot } = response.headers as Record<string, string>;
      response.resume();
      // An answer that breaks off in the middle is none.
      response.on('end', () => resolve({ status: response.statusCode ?? 0, version, slot }));
      response.on('error', reject);
    });
    asked.on('timeout', () => asked.destroy(new Error(`no answer within ${TIMEOUT_MS} ms`)));
    asked.on('error', reject);
    asked.end();
  });
}

function lose(path: string, detail: string): void {
  report.lost++;
  if (report.losses.length < 20) report.losses.push(`${new Date().toISOString()} ${path}: ${detail}`);
}

async function once(path: string, agent: Agent | false): Promise<void> {
  report.sent++;
  const began = performance.now();
  try {
    const { status, version, slot } = await ask(path, agent);
    report.slowest = Math.max(report.slowest, Math.round(performance.now() - began));
    if (version === undefined) return lose(path, `answered ${status} by no version`);
    report.versions[version] = (report.versions[version] ?? 0) + 1;
    if (slot !== undefined) report.slots[slot] = (report.slots[slot] ?? 0) + 1;
    if (status < 500) report.ok++;
    else report.appErrors++;
  } catch (error) {
    lose(path, `${(error as NodeJS.ErrnoException).code ?? ''} ${(error as Error).message}`.trim());
  }
}

const times = <T>(count: number, make: (index: number) => T) =>
  Array.from({ length: count }, (_, index) => make(index));
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

async function client(index: number, agent: Agent | false): Promise<void> {
  for (let turn = index; !stopping; turn++) {
    const asking = once(options.paths[turn % options.paths.length] ?? '/', agent);
    inFlight.add(asking);
    await asking;
    inFlight.delete(asking);
    await pause(options.pauseMs);
  }
}

/** One that talks all the time; when it is closed it comes again after a moment, as a browser's page does. */
async function talk(): Promise<void> {
  while (!stopping) {
    const socket = new WebSocket(`${options.url.replace('http', 'ws')}/ws`);
    socket.on('open', () => report.sockets.opened++);
    socket.on('message', () => report.sockets.messages++);
    socket.on('error', () => undefined);
    const ping = setInterval(() => socket.readyState === WebSocket.OPEN && socket.send('ping'), 200);
    const closed = new Promise<void>((resolve) => socket.on('close', () => resolve()));
    const end = setInterval(() => stopping && socket.terminate(), 50);
    await closed;
    clearInterval(ping);
    clearInterval(end);
    if (!stopping) report.sockets.closed++;
    await pause(300);
  }
}

function say(to: string): void {
  if (process.connected) process.send?.({ to, report });
}

async function main(): Promise<void> {
  await once(options.paths[0] ?? '/', false);
  say('started');
  // Taken in turn, so that each of its connections idles for a while.
  const shared = new Agent({ keepAlive: true, scheduling: 'fifo' });
  const clients = [
    ...times(options.keepAlive, (index) => client(index, new Agent({ keepAlive: true, maxSockets: 1 }))),
    ...times(options.keepAlive, (index) => client(index, shared)),
    ...times(options.fresh, (index) => client(index, false)),
    ...times(options.sockets, talk),
  ];
  setTimeout(() => (stopping = true), options.longestMs).unref();
  process.on('disconnect', () => process.exit(0));
  process.on('message', (message) => {
    if (message === 'report') return say('report');
    if (message === 'settled') return void Promise.all(inFlight).then(() => say('settled'));
    stopping = true;
    void Promise.all(clients).then(() => {
      process.send?.({ to: 'stop', report }, () => process.exit(0));
    });
  });
  await Promise.all(clients);
}

void main();
