const { readFileSync } = require('node:fs');
const http = require('node:http');
const { join } = require('node:path');
const { version } = require('./package.json');

const PORT = 3000;
const { SPILLWAY_SLOT: slot = 'none' } = process.env;
const page = readFileSync(join(__dirname, 'index.html'), 'utf8').replace('{version}', version);
const headers = { 'x-version': version, 'x-slot': slot };

const server = http.createServer((request, response) => {
  const { pathname } = new URL(request.url, 'http://frontend');
  if (pathname === '/alive') response.writeHead(200, headers).end(version);
  else if (pathname === '/') response.writeHead(200, { ...headers, 'content-type': 'text/html' }).end(page);
  else response.writeHead(404, headers).end('nothing here');
});
// Longer than a router keeps an idle connection, so that it is never this side that closes one in use.
server.keepAliveTimeout = 75_000;

process.once('SIGTERM', () => {
  server.close(() => process.exit(0));
  server.closeIdleConnections();
});

server.listen(PORT, () => console.log(`fx frontend ${version} in ${slot} listens on ${PORT}`));
