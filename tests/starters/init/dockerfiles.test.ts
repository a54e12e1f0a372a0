import { existsSync } from 'node:fs';
import { registerInit } from '../../../starters/init';
import { command } from '../../support/in-process';
import { inFolder, proposed, put } from './proposed';

inFolder();

const WEB = 'FROM node:20\nUSER node\nEXPOSE 3000\n';

test.each([
  ['FROM postgres:16\nEXPOSE 5432\nVOLUME /var/lib/postgresql/data\n', 'database: it is built from postgres:16'],
  ['FROM redis:7\nEXPOSE 6379\n', 'cache: it is built from redis:7'],
  ['FROM debian:12\nVOLUME /data/db\n', 'database: it writes to /data/db'],
  ['FROM debian:12\nEXPOSE 5672\n', 'queue: all its ports (5672) are those of a queue'],
  ['ARG TAG=2\nFROM traefik:$TAG\n', 'it is built from traefik:2): Spillway’s own router takes its place'],
])('without a Compose file, %j is left out with a question [proves 16]', async (store, why) => {
  const { services, asked } = await proposed(undefined, { 'store/Dockerfile': store, 'web/Dockerfile': WEB });
  expect(Object.keys(services)).toEqual(['web']);
  expect(asked).toContain(`? services: store/Dockerfile is left out (${why}`);
});

test('a PostgreSQL that has a Dockerfile only is told of as the database of releases [proves 16]', async () => {
  const { asked } = await proposed(undefined, { 'db/Dockerfile': 'FROM postgres:16\n', 'web/Dockerfile': WEB });
  expect(asked).toContain('a release backs up and migrates what db/Dockerfile runs, if you name it in `database`');
});

test('Dockerfiles of nothing but databases are refused with their reasons [proves 16, 18]', async () => {
  put({ 'db/Dockerfile': 'FROM postgres:16\nEXPOSE 5432\n' });
  const said = await command(registerInit, 'init');
  expect(said).toMatchObject({ stdout: '', exitCode: 64 });
  expect(said.stderr).toContain('seen none (db/Dockerfile: it is built from postgres:16, a database)');
  expect(existsSync('spillway.yaml')).toBe(false);
});

test('the port of a Dockerfile is the one that its health check asks, not that of a debugger [proves questions]', async () => {
  const { services, asked } = await proposed(undefined, {
    Dockerfile: 'FROM node:20\nUSER node\nEXPOSE 9229 3000\nHEALTHCHECK CMD curl -f http://localhost:3000/up\n',
  });
  expect(services.shop).toMatchObject({
    port: 3000,
    routes: [{ port: 3000 }],
    health: { endpoints: [{ path: '/up' }] },
  });
  expect(asked).toContain('a service has one port here, so 9229 stayed out');
});

test.each([
  ['EXPOSE 3000-3001\nHEALTHCHECK CMD curl -f http://localhost:3001/up', { port: 3001 }],
  ['HEALTHCHECK NONE', { port: 80, routes: [{ port: 80 }] }],
])('a Dockerfile on nginx that says %j has a port [proves questions]', async (rest, expected) => {
  const { services } = await proposed(undefined, { Dockerfile: `FROM nginx:1.27\n${rest}\n` });
  expect(services.shop).toMatchObject(expected);
});

test('a HEALTHCHECK that sends headers is left to the engine, since a path alone would fail [proves 14]', async () => {
  const { services } = await proposed(undefined, {
    Dockerfile: 'FROM node:20\nEXPOSE 3000\nHEALTHCHECK CMD curl -f -H "Host: a.com" http://localhost:3000/up\n',
  });
  expect(services.shop).toMatchObject({ port: 3000 });
  expect(services.shop).not.toHaveProperty('health');
});

test('a health check of a Dockerfile is not copied with the secret in its address [proves 13]', async () => {
  const { services, asked, text } = await proposed(undefined, {
    Dockerfile: `${WEB}HEALTHCHECK CMD curl -f http://localhost:3000/up?token=hunter22\n`,
  });
  expect(services.shop).not.toHaveProperty('health');
  expect(asked).toContain('? services.shop.port: its health check has a secret in its address');
  expect(text + asked).not.toContain('hunter22');
});

test('of several ports of a Dockerfile that may speak HTTP, init asks which one does [proves questions]', async () => {
  const { asked } = await proposed(undefined, { Dockerfile: 'FROM node:20\nEXPOSE 8080 9090\n' });
  expect(asked).toContain('? services.shop.port: 8080, 9090: which one speaks HTTP? 8080 was taken');
});

test('a port of a Dockerfile that is none of HTTP becomes no route [proves questions]', async () => {
  const { services, asked } = await proposed(undefined, { Dockerfile: 'FROM node:20\nEXPOSE 25\n' });
  expect(services.shop).toMatchObject({ traffic: 'none', run: 'live-only' });
  expect(services.shop).not.toHaveProperty('routes');
  expect(asked).toContain('sends nothing to 25/tcp; is one of these HTTP?');
});

test.each([
  ['ENV PORT=3000', 'http://localhost:$PORT/up'],
  ['ENV PORT 3000', 'http://localhost:${PORT}/up'],
  ['ARG APP_PORT=3000\nENV HOST=0.0.0.0 PORT="$APP_PORT"', 'http://localhost:${PORT:-80}/up'],
])('the port of a Dockerfile may be a variable, as with %j [proves questions]', async (given, url) => {
  const { services } = await proposed(undefined, {
    Dockerfile: `FROM node:20\n${given}\nEXPOSE $PORT\nHEALTHCHECK CMD curl -f ${url}\n`,
  });
  expect(services.shop).toMatchObject({ port: 3000, health: { endpoints: [{ path: '/up' }] } });
});
