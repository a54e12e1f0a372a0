import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { cp, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { pathToFileURL } from 'node:url';
import { parseDocument } from 'yaml';
import { cacheDirectory } from '../starters/dev/temporal-program';
import { removeTraces } from '../tests/support/engine';
import { startLoad } from '../tests/support/load';
import type { Load, LoadReport } from '../tests/support/load';
import { query } from '../tests/support/postgres';
import { freePort } from '../tests/support/free-port';
import { openerOn, picturesIn, removeAllButPictures } from './pictures';

/*
 * Releases examples/fx three times with the commands that people use, while traffic runs. What it makes lies in a folder
 * of its own, on ports that are free, under an app name of its own. Without --keep all of it but the pictures is removed
 * at the end, and what an earlier demo left, because it was kept or killed, at the beginning, with its pictures. With
 * --keep, the picture of the last release is opened where there is a desktop.
 */

const ROOT = join(__dirname, '..');
const SPILLWAY = join(ROOT, 'dist/starters/spillway.js');
// The router's folder has this name too: its container is called after it, and must not be another's.
const APP = 'fx-demo';
const SCOPE = { app: APP, environment: 'production' };
const PORT = Number(process.env.FX_PORT ?? 8080);
const DIRECTORY = join(cacheDirectory(process.env), 'demo');
/** Holds the process id of `spillway dev`. */
const DEV_FILE = join(DIRECTORY, 'dev.pid');

const url = new URL(process.env.FX_DATABASE_URL ?? 'postgres://expected-FX_DATABASE_URL');
const database = url.pathname.slice(1);
const serverUrl = Object.assign(new URL(url), { pathname: '/postgres' }).href;

interface Dev {
  address: string;
  uiUrl: string;
  child: ChildProcess;
}

interface Step {
  version: string;
  expected: string;
  seconds: number;
  exitCode: number;
}

async function main(keep: boolean): Promise<boolean> {
  const closing: (() => Promise<unknown>)[] = [];
  let closed: Promise<void> | undefined;
  const close = (): Promise<void> => (closed ??= closeAll(closing));
  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    process.once(signal, () => void close().then(() => process.exit(1)));
  await endEarlier();
  await removeAll();
  await rm(DIRECTORY, { recursive: true, force: true });
  await mkdir(DIRECTORY, { recursive: true });
  closing.push(removeAll);
  try {
    await query(serverUrl, `CREATE DATABASE "${database}"`);
    const project = await prepareProject();
    const dev = await startDev();
    closing.push(() => stop(dev.child));
    const release = (version: string, expected: string) => run(project, dev, version, expected);

    // People come as soon as there is something; the bake of the first release judges by them.
    const traffic = startTraffic();
    traffic.catch(() => undefined);
    const first = await release('1.0.0', 'the first release');
    if (first.exitCode !== 0) throw new Error('expected the first release to succeed: see above why it did not');
    const load = await traffic;
    const steps = [first];
    closing.push(() => load.stop().catch(() => undefined));
    await change(project, '1.1.0');
    steps.push(await release('1.1.0', 'released by canary, with a migration'));
    await change(project, '1.2.0');
    steps.push(await release('1.2.0', 'caught by the canary and undone'));
    const seen = keep ? await load.report() : await load.stop();
    const pictures = await picturesIn(DIRECTORY);
    if (keep) open(pictures.at(-1));
    return summarise(steps, seen, { dev, kept: keep, pictures });
  } finally {
    if (!keep) await close();
  }
}

/** Newest first, and all of it: Ctrl-C reaches the processes that the demo started, too, so some have ended already. */
async function closeAll(closing: (() => Promise<unknown>)[]): Promise<void> {
  for (const close of closing.reverse())
    await close().catch((error: Error) => console.error(`while cleaning up: ${error.message}`));
}

/** Of a demo that was kept, or whose own process was killed. */
async function endEarlier(): Promise<void> {
  const pid = Number(await readFile(DEV_FILE, 'utf8').catch(() => ''));
  const command = pid > 0 ? await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '') : '';
  if (command.includes(DIRECTORY)) {
    console.log('an earlier demo still runs: it is ended and removed');
    process.kill(pid, 'SIGTERM');
    const deadline = Date.now() + 30_000;
    while (existsSync(`/proc/${pid}`) && Date.now() < deadline)
      await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

/** Containers, database and files: what a demo makes, and an earlier one may have left. Pictures stay. */
async function removeAll(): Promise<void> {
  await removeTraces(SCOPE, join(DIRECTORY, APP));
  await query(serverUrl, `DROP DATABASE IF EXISTS "${database}" WITH (FORCE)`);
  await removeAllButPictures(DIRECTORY);
}

/** A copy of the example, as a developer's checkout, on a port and with a router of the demo's own. */
async function prepareProject(): Promise<string> {
  const project = join(DIRECTORY, 'fx');
  await cp(join(__dirname, 'fx'), project, { recursive: true, filter: (path) => !path.endsWith('node_modules') });
  await execute(process.execPath, [join(__dirname, 'fx/prepare.js'), project]);
  const file = join(project, 'spillway.yaml');
  const yaml = parseDocument(await readFile(file, 'utf8'));
  yaml.set('app', APP);
  yaml.setIn(['router', 'directory'], join(DIRECTORY, APP));
  yaml.setIn(['target', 'stateDirectory'], join(DIRECTORY, 'state'));
  for (const [service, count] of Object.entries({ backend: 3, frontend: 1 }))
    for (let route = 0; route < count; route++) yaml.setIn(['services', service, 'routes', route, 'port'], PORT);
  await writeFile(file, String(yaml));
  return project;
}

/** `spillway dev`, until it says where it is. */
async function startDev(): Promise<Dev> {
  const ports = ['--port', String(await freePort()), '--ui-port', String(await freePort())];
  const files = ['--database', join(DIRECTORY, 'temporal.db')];
  const child = spawn(process.execPath, [SPILLWAY, 'dev', '--json', ...ports, ...files], {
    env: { ...process.env, SPILLWAY_WORKER_STATE: join(DIRECTORY, 'worker'), SPILLWAY_LOG_LEVEL: 'warn' },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await writeFile(DEV_FILE, String(child.pid));
  let text = '';
  for await (const line of createInterface({ input: child.stdout })) {
    text += line;
    if (line === '}') break;
  }
  const ready = JSON.parse(text) as Omit<Dev, 'child'> & { error?: { message: string } };
  if (ready.error) throw new Error(`spillway dev: ${ready.error.message}`);
  child.stdout.resume();
  return { ...ready, child };
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null) return;
  const ended = once(child, 'exit');
  child.kill('SIGTERM');
  await ended;
}

async function startTraffic(): Promise<Load> {
  await untilServed();
  const paths = ['/', '/api/rates', '/api/v1/status', '/health'];
  return startLoad({ url: `http://127.0.0.1:${PORT}`, paths, keepAlive: 12, fresh: 4, sockets: 3, pauseMs: 100 });
}

/** Bounded: a first release that does not serve within five minutes never will. */
async function untilServed(): Promise<void> {
  const deadline = Date.now() + 5 * 60_000;
  while (Date.now() < deadline) {
    const answer = await fetch(`http://127.0.0.1:${PORT}/health`).catch(() => undefined);
    if (answer?.ok) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`expected version 1.0.0 to answer at http://127.0.0.1:${PORT}/health within 5 minutes`);
}

/** What a developer did for this version. */
async function change(project: string, version: string): Promise<void> {
  await cp(join(project, 'changes', version), project, { recursive: true });
}

async function run(project: string, dev: Dev, version: string, expected: string): Promise<Step> {
  console.log(`\n── fx ${version}: ${expected} ${'─'.repeat(Math.max(0, 60 - expected.length))}\n`);
  const began = performance.now();
  const args = ['release', version, '--environment', 'production', '--yes', '--note', expected];
  const env = { ...process.env, TEMPORAL_ADDRESS: dev.address, SPILLWAY_UI: dev.uiUrl };
  const exitCode = await execute(process.execPath, [SPILLWAY, ...args], { cwd: project, env });
  return { version, expected, exitCode, seconds: Math.round((performance.now() - began) / 100) / 10 };
}

async function execute(program: string, args: string[], options: object = {}): Promise<number> {
  const child = spawn(program, args, { stdio: ['ignore', 'inherit', 'inherit'], ...options });
  const [code] = (await once(child, 'exit')) as [number | null];
  return code ?? 1;
}

/** Shows the newest picture to somebody who sits at a desktop; all others follow the links of the summary. */
function open(picture: string | undefined): void {
  const program = openerOn(process.platform, process.env, process.stdout.isTTY);
  if (picture === undefined || program === undefined) return;
  const child = spawn(program, [picture], { stdio: 'ignore', detached: true });
  child.on('error', () => undefined).unref();
}

interface Left {
  dev: Dev;
  kept: boolean;
  pictures: string[];
}

/** Prints the summary; answers whether all went as it should. */
function summarise(steps: Step[], traffic: LoadReport, { dev, kept, pictures }: Left): boolean {
  const wanted = [0, 0, 1];
  const good = steps.every(({ exitCode }, index) => exitCode === wanted[index]) && traffic.lost === 0;
  const serving = Object.entries(traffic.versions).map(([version, count]) => `${version}: ${count}`);
  const lines = [
    ...steps.map(
      ({ version, expected, seconds, exitCode }) => `${version}  ${seconds} s  exit ${exitCode}  ${expected}`,
    ),
    '',
    `requests sent       ${traffic.sent}, by version: ${serving.join(', ')}`,
    `requests lost       ${traffic.lost}${traffic.losses.map((loss) => `\n  ${loss}`).join('')}`,
    `errors by 1.2.0     ${traffic.appErrors}, before the canary was judged`,
    `slowest answer      ${traffic.slowest} ms`,
    `Temporal Web UI     ${dev.uiUrl}${kept ? '' : ' (until now)'}`,
    ...pictures.map(
      (file, index) => `${index === 0 ? 'pictures, kept      ' : ' '.repeat(20)}${pathToFileURL(file).href}`,
    ),
  ];
  if (kept)
    lines.push(
      `left running        http://127.0.0.1:${PORT}, all files in ${DIRECTORY}, dev is process ${dev.child.pid}`,
    );
  console.log(
    `\n══ ${good ? 'The demo went as it should' : 'THE DEMO DID NOT GO AS IT SHOULD'} ══\n\n${lines.join('\n')}\n`,
  );
  return good;
}

const keep = process.argv.includes('--keep');
main(keep).then(
  (good) => {
    if (!good) process.exitCode = 1;
    if (keep) process.exit();
  },
  (error: unknown) => {
    console.error(error);
    process.exit(1);
  },
);
