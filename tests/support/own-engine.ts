import { execFile, spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';

const run = promisify(execFile);
const IMAGES = ['spillway/node:local', 'spillway/haproxy:local', 'spillway/socat:local'];
/** Milliseconds after which an engine that does not answer hangs. */
const START_MS = 240_000;

/** An engine that a test may kill: in a network namespace of its own, so that the machine's engine notices nothing. */
export interface OwnEngine {
  /** `unix://…` */
  host: string;
  /** Kills it without any warning and starts it again; containers go on meanwhile. */
  restart(): Promise<void>;
  /**
   * Runs a program in the engine's network, where its containers can be reached. A line `strike` that it prints makes
   * `onStrike` run, after which it is told `struck`; its last line is its result, as JSON.
   */
  run<T>(argv: string[], onStrike: () => Promise<void>): Promise<T>;
}

/** Opens an engine for the body, and removes it with everything on it. */
export async function withOwnEngine<T>(body: (engine: OwnEngine) => Promise<T>): Promise<T> {
  const name = `spw-${randomBytes(3).toString('hex')}`;
  // Beside the machine's engine: its file system can surely carry one.
  const directory = `/var/lib/spillway-test/${name}`;
  await mkdir(directory, { recursive: true });
  let daemon: ChildProcess | undefined;
  const start = async () => (daemon = await startDaemon(name, directory));
  try {
    await run('ip', ['netns', 'add', name]);
    await run('ip', ['-n', name, 'link', 'set', 'lo', 'up']);
    await start();
    await copyImages(directory);
    const restart = async () => {
      await kill(daemon);
      await start();
    };
    return await body({
      host: host(directory),
      restart,
      run: (argv, onStrike) => runInside(name, directory, argv, onStrike),
    });
  } finally {
    await remove(name, directory, daemon);
  }
}

function host(directory: string): string {
  return `unix://${directory}/docker.sock`;
}

function inside(name: string, argv: string[]): [string, string[]] {
  return ['nsenter', [`--net=/var/run/netns/${name}`, '--', 'setpriv', '--pdeathsig', 'KILL', '--', ...argv]];
}

async function startDaemon(name: string, directory: string): Promise<ChildProcess> {
  const flags = [
    ...['--data-root', `${directory}/data`, '--exec-root', `${directory}/run`, '--pidfile', `${directory}/pid`],
    ...['--host', host(directory), '--live-restore', '--bip', '10.219.0.1/24'],
  ];
  // It would wait for a process of that number, which may not be gone for good yet, or be another by now.
  for (const file of ['pid', 'run/containerd/containerd.pid']) await rm(join(directory, file), { force: true });
  const daemon = spawn(...inside(name, ['dockerd', ...flags]), { stdio: ['ignore', 'ignore', 'pipe'] });
  let log = '';
  daemon.stderr?.on('data', (data: Buffer) => (log = (log + data.toString()).slice(-4_000)));
  const deadline = Date.now() + START_MS;
  while (Date.now() < deadline && daemon.exitCode === null) {
    const answers = await run('docker', ['--host', host(directory), 'version'], { timeout: 20_000 }).catch(() => false);
    if (answers) return daemon;
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  throw new Error(`expected a second engine to answer within ${START_MS} ms: ${log}`);
}

async function copyImages(directory: string): Promise<void> {
  await run('sh', ['-c', `docker save ${IMAGES.join(' ')} | docker --host ${host(directory)} load`]);
}

async function runInside<T>(
  name: string,
  directory: string,
  argv: string[],
  onStrike: () => Promise<void>,
): Promise<T> {
  const child = spawn(...inside(name, argv), {
    env: { ...process.env, SPILLWAY_TEST_ENGINE: host(directory) },
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  let last = '';
  for await (const line of createInterface({ input: child.stdout })) {
    if (line !== 'strike') last = line;
    else {
      await onStrike();
      child.stdin.write('struck\n');
    }
  }
  if (child.exitCode === null) await once(child, 'exit');
  if (child.exitCode !== 0) throw new Error(`${argv.join(' ')} ended with ${child.exitCode}: ${last}`);
  return JSON.parse(last) as T;
}

async function kill(daemon: ChildProcess | undefined): Promise<void> {
  if (!daemon || daemon.exitCode !== null || daemon.signalCode !== null) return;
  const ended = once(daemon, 'exit');
  daemon.kill('SIGKILL');
  await ended;
}

/** With live restore, containers outlive their engine: they are removed first. */
async function remove(name: string, directory: string, daemon: ChildProcess | undefined): Promise<void> {
  const docker = (...args: string[]) => run('docker', ['--host', host(directory), ...args], { timeout: 120_000 });
  const ids = await docker('ps', '--all', '--quiet').then(
    ({ stdout }) => stdout.split('\n').filter(Boolean),
    () => [],
  );
  if (ids.length > 0) await docker('rm', '--force', ...ids).catch(() => undefined);
  if (daemon && daemon.exitCode === null && daemon.signalCode === null) {
    const ended = once(daemon, 'exit');
    daemon.kill('SIGTERM');
    await ended;
  }
  await unmount(directory);
  if (existsSync(`/var/run/netns/${name}`)) await run('ip', ['netns', 'delete', name]);
  await rm(directory, { recursive: true, force: true });
}

async function unmount(directory: string): Promise<void> {
  const mounts = (await readFile('/proc/mounts', 'utf8')).split('\n').map((line) => line.split(' ')[1] ?? '');
  for (const mount of mounts.filter((path) => path.startsWith(`${directory}/`)).reverse())
    await run('umount', ['--lazy', mount]).catch(() => undefined);
}
