const http = require('node:http');
const { Pool } = require('pg');
const { WebSocketServer } = require('ws');
const { problem, takeOrder } = require('./orders');
const { rates } = require('./rates');
const { version } = require('./package.json');

const PORT = 8080;
const MOST_BODY = 10_000;
const { DATABASE_URL, SPILLWAY_SLOT: slot = 'none' } = process.env;

const pool = new Pool({ connectionString: DATABASE_URL, max: 8, connectionTimeoutMillis: 1_500 });
// A connection that broke while it was idle: the next query opens another.
pool.on('error', (error) => console.error(`database: ${error.message}`));

const routes = {
  'GET /health': () => [200, { status: 'ok', version }],
  'GET /health/ready': async () => {
    const ready = await databaseAnswers();
    return [ready ? 200 : 503, { ready }];
  },
  'GET /health/deep': deepHealth,
  'GET /api/v1/status': () => [200, { version, slot, uptime: process.uptime() }],
  'GET /api/rates': async () => [200, { rates: await rates(pool) }],
  'POST /api/orders': async (request) => {
    const order = await jsonBody(request);
    const wrong = problem(order);
    return wrong ? [400, { error: wrong }] : [201, await takeOrder(pool, order)];
  },
};

async function databaseAnswers() {
  try {
    await pool.query('SELECT 1');
    return true;
  } catch {
    return false;
  }
}

async function deepHealth() {
  const began = performance.now();
  const healthy = await databaseAnswers();
  const database = { status: healthy ? 'healthy' : 'unreachable', latency: Math.round(performance.now() - began) };
  return [healthy ? 200 : 503, { status: healthy ? 'ok' : 'degraded', version, database }];
}

async function jsonBody(request) {
  let text = '';
  for await (const chunk of request) {
    text += chunk;
    if (text.length > MOST_BODY) return {};
  }
  try {
    return JSON.parse(text) ?? {};
  } catch {
    return {};
  }
}

async function answer(request, response) {
  const { pathname } = new URL(request.url, 'http://backend');
  const route = routes[`${request.method} ${pathname}`];
  let [status, body] = [404, { error: `nothing at ${request.method} ${pathname}` }];
  try {
    if (route) [status, body] = await route(request);
  } catch (error) {
    console.error(`${request.method} ${pathname}: ${error.message}`);
    [status, body] = [500, { error: 'internal error' }];
  }
  const headers = { 'content-type': 'application/json', 'x-version': version, 'x-slot': slot };
  response.writeHead(status, headers).end(JSON.stringify(body));
}

const server = http.createServer((request, response) => void answer(request, response));
// Longer than a router keeps an idle connection, so that it is never this side that closes one in use.
server.keepAliveTimeout = 75_000;

const sockets = new WebSocketServer({ server, path: '/ws' });
sockets.on('connection', (socket) => {
  socket.on('error', () => undefined);
  socket.on('message', (data) => socket.send(data.toString()));
  socket.send(JSON.stringify({ version, slot }));
});

// The router has taken all traffic away by now: end what is left, and go.
process.once('SIGTERM', () => {
  for (const socket of sockets.clients) socket.close(1001, 'going away');
  server.close(() => void pool.end().finally(() => process.exit(0)));
  server.closeIdleConnections();
});

server.listen(PORT, () => console.log(`fx backend ${version} in ${slot} listens on ${PORT}`));
