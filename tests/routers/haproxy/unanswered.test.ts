import { once } from 'node:events';
import { createServer, get, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { connect } from 'node:net';
import type { SlotCounters } from '../../../domain/router';
import type { Router, Routing } from '../../../routers/router';
import { ask, io } from '../../support/router-world';
import { until } from '../../support/until';
import { openBefore, scope } from './own-version';

/* Errors that a version answers with, and requests that it leaves without any answer. */

let router: Router;
let routing: Routing;
let port: number;
let close: (() => Promise<void>) | undefined;
let version: Server;
const begun: ServerResponse[] = [];

/** `/500` and `/502` answer so, `/slow` begins a 500, `/die` ends the connection. */
function failing(): Server {
  return createServer((request, response) => {
    request.resume().on('end', () => {
      const { url } = request;
      if (url === '/die') return void request.socket.destroy();
      if (url !== '/slow') return response.writeHead(Number(url?.slice(1)) || 200).end('blue');
      begun.push(response);
      response.writeHead(500).write('begun');
    });
  });
}

beforeAll(async () => {
  version = failing();
  ({ router, routing, port, close } = await openBefore(version, 'haproxy-unanswered'));
}, 300_000);

afterAll(() => close?.());

const measured = ({ latency }: SlotCounters) => latency.reduce((sum, { count }) => sum + count, 0);

/** Answers what the router counted meanwhile. */
async function countedWhile(run: () => Promise<unknown>) {
  const counted = async () => (await router.counters(scope, io)).slots.blue['api']!;
  const before = await counted();
  await run();
  const after = await counted();
  return {
    requests: after.requests - before.requests,
    errors: after.errors - before.errors,
    unanswered: after.unanswered! - before.unanswered!,
    measured: measured(after) - measured(before),
  };
}

test('errors that the version answers with are answers, and have a latency', async () => {
  const answered = await countedWhile(async () => {
    for (const status of [500, 502, 503, 504]) {
      for (const method of ['GET', 'POST']) expect((await ask(port, `/${status}`, {}, method)).status).toBe(status);
    }
  });
  expect(answered).toEqual({ requests: 8, errors: 8, unanswered: 0, measured: 8 });
});

test('an error that is on its way is an answer before it ends and after', async () => {
  let answer: IncomingMessage | undefined;
  const measuredOnly = await countedWhile(async () => {
    const asked = get({ host: '127.0.0.1', port, path: '/slow', agent: false });
    [answer] = (await once(asked, 'response')) as [IncomingMessage];
  });
  expect(measuredOnly).toEqual({ requests: 0, errors: 0, unanswered: 0, measured: 1 });
  const ended = await countedWhile(async () => {
    for (const response of begun) response.end();
    await once(answer!.resume(), 'end');
  });
  expect(ended).toEqual({ requests: 1, errors: 1, unanswered: 0, measured: 0 });
});

test('requests on which the version hangs up are unanswered', async () => {
  const dropped = await countedWhile(async () => {
    for (const method of ['GET', 'POST']) expect((await ask(port, '/die', {}, method)).status).toBe(502);
  });
  expect(dropped).toEqual({ requests: 2, errors: 2, unanswered: 2, measured: 0 });
});

test('so are those for which HAProxy may hang up on a client that kept its connection', async () => {
  const dropped = await countedWhile(async () => {
    const socket = connect(port, '127.0.0.1');
    const asked = (path: string) => `POST ${path} HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n`;
    socket.on('error', () => undefined).write(asked('/'));
    await once(socket, 'data');
    socket.write(asked('/die'));
    // HAProxy 2.6 closes the connection, 3.0 answers 502.
    await Promise.race([once(socket, 'data'), once(socket, 'close')]);
    socket.destroy();
  });
  expect(dropped).toEqual({ requests: 2, errors: 1, unanswered: 1, measured: 1 });
});

test('so are requests to a version that is gone, before HAProxy knows it and after', async () => {
  version.closeAllConnections();
  await new Promise((resolve) => version.close(resolve));
  const gone = async () => {
    for (const method of ['GET', 'POST']) expect((await ask(port, '/', {}, method)).status).toBe(503);
  };
  const unanswered = { requests: 2, errors: 2, unanswered: 2, measured: 0 };
  expect(await countedWhile(gone)).toEqual(unanswered);
  await until(async () => !(await router.groupIsUp(routing, 'blue', io)).up);
  expect(await countedWhile(gone)).toEqual(unanswered);
});
