import { Worker } from 'node:worker_threads';

export interface PressureOptions {
  port: number;
  /** Connections that clients keep open, each with one request at a time. */
  connections: number;
  /** Between two requests of a connection; 0 by default, which is full speed. */
  pauseMs?: number;
}

export interface PressureReport {
  requests: number;
  /** Requests that got no whole answer, or one of 5xx. */
  lost: number;
  /** Milliseconds below which 99 % of the answers came. */
  p99Ms: number;
  /** The first few losses, in words. */
  losses: string[];
}

/*
 * Plain sockets in a thread of its own: node's HTTP client is ten times slower than what it is to put under pressure.
 * A connection that the server announces to close, or closes while idle, is opened again; one that breaks after a
 * request was sent is a loss, because the client cannot know what became of it.
 */
const CLIENT = `
const { connect } = require('node:net');
const { parentPort, workerData } = require('node:worker_threads');
const { port, connections, pauseMs = 0 } = workerData;
const report = { requests: 0, lost: 0, p99Ms: 0, losses: [] };
const REQUEST = 'GET / HTTP/1.1\\r\\nHost: 127.0.0.1\\r\\n\\r\\n';
const latencies = new Uint32Array(100000);
let stopping = false;
let open = 0;
function lose(what) { report.lost++; if (report.losses.length < 20) report.losses.push(what); }
function client() {
  if (stopping) return done();
  const socket = connect(port, '127.0.0.1').setNoDelay(true);
  let text = '';
  let sentAt = 0;
  let closing = false;
  const send = () => {
    if (stopping) return socket.destroy();
    if (closing) return socket.destroy();
    text = '';
    sentAt = performance.now();
    socket.write(REQUEST);
  };
  socket.on('connect', send);
  socket.on('data', (data) => {
    text += data.toString('latin1');
    const end = text.indexOf('\\r\\n\\r\\n');
    if (end < 0) return;
    const length = Number(/content-length: (\\d+)/i.exec(text)?.[1]);
    const chunked = /transfer-encoding: chunked/i.test(text);
    if (chunked ? !text.endsWith('0\\r\\n\\r\\n') : text.length < end + 4 + length) return;
    const took = performance.now() - sentAt;
    sentAt = 0;
    report.requests++;
    latencies[Math.min(latencies.length - 1, Math.round(took * 100))]++;
    if (text[9] === '5') lose(text.slice(0, 60));
    closing = /connection: close/i.test(text.slice(0, end));
    if (pauseMs) setTimeout(send, pauseMs); else send();
  });
  socket.on('error', (error) => { if (sentAt) { lose(error.message + ' ' + text.slice(0, 40)); sentAt = 0; } });
  socket.on('close', () => { if (sentAt) lose('closed before an answer'); client(); });
}
function done() {
  if (--open > 0) return;
  let left = report.requests * 0.01;
  let index = latencies.length;
  while (index > 0 && left >= 0) left -= latencies[--index];
  report.p99Ms = index / 100;
  parentPort.postMessage(report);
  parentPort.close();
}
parentPort.on('message', () => { stopping = true; });
for (; open < connections; open++) client();
setTimeout(() => { stopping = true; }, 180000).unref();
`;

/** Puts requests on a router of this machine until it is told to stop, at most three minutes. */
export async function startPressure(options: PressureOptions): Promise<{ stop(): Promise<PressureReport> }> {
  const worker = new Worker(CLIENT, { eval: true, workerData: options });
  const report = new Promise<PressureReport>((resolve, reject) => {
    worker.once('message', resolve);
    worker.once('error', reject);
  });
  // So that what follows happens under load.
  await new Promise((resolve) => setTimeout(resolve, 300));
  return {
    stop: () => {
      worker.postMessage('stop');
      return report;
    },
  };
}
