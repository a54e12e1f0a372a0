import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdir, open, readFile, readdir, rename, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { dirname } from 'node:path';
import type { Duplex } from 'node:stream';
import { UnreachableFailure } from '../../domain/failures';
import type { Address, ExecResult, Host, Io } from '../../domain/host';
import { formatDuration } from '../../domain/units';

export type HostAccess = Pick<Host, 'connect' | 'readFile' | 'writeFile' | 'removeFile' | 'listFiles' | 'run'>;

const CONNECT_MS = 5_000;
const RUN_MS = 120_000;
const OUTPUT_LIMIT = 8 * 1024 * 1024;

export const localAccess: HostAccess = { connect: dial, readFile: read, writeFile: write, removeFile, listFiles, run };

function dial(to: Address, io: Io): Promise<Duplex> {
  return new Promise((resolve, reject) => {
    io.signal.throwIfAborted();
    const socket = 'socket' in to ? connect(to.socket) : connect(to.port, to.host);
    const fail = (seen: string): void => {
      socket.destroy();
      reject(new UnreachableFailure(`expected something to listen at ${describe(to)}, seen ${seen}`));
    };
    const aborted = (): void => {
      socket.destroy();
      reject(io.signal.reason as Error);
    };
    const failed = (error: NodeJS.ErrnoException): void => fail(error.code ?? error.message);
    io.signal.addEventListener('abort', aborted, { once: true });
    socket.setTimeout(CONNECT_MS, () => fail(`no answer within ${formatDuration(CONNECT_MS)}`));
    socket.once('error', failed);
    socket.once('close', () => io.signal.removeEventListener('abort', aborted));
    socket.once('connect', () => {
      socket.setTimeout(0);
      socket.removeListener('error', failed);
      resolve(socket);
    });
  });
}

function describe(to: Address): string {
  return 'socket' in to ? to.socket : `${to.host}:${to.port}`;
}

async function read(path: string): Promise<string | undefined> {
  return orNothing(readFile(path, 'utf8'), undefined);
}

async function write(path: string, content: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  const part = `${path}.${randomBytes(6).toString('hex')}.part`;
  try {
    const file = await open(part, 'w');
    try {
      await file.writeFile(content);
      // Without this, a power cut may leave the new name with an empty file.
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(part, path);
  } catch (error) {
    await rm(part, { force: true });
    throw error;
  }
}

async function removeFile(path: string): Promise<void> {
  await rm(path, { force: true });
}

async function listFiles(directory: string): Promise<string[]> {
  const names = await orNothing(readdir(directory), []);
  return names.sort();
}

async function orNothing<T>(reading: Promise<T>, nothing: T): Promise<T> {
  try {
    return await reading;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return nothing;
    throw error;
  }
}

function run(argv: string[], io: Io): Promise<ExecResult> {
  const [program, ...rest] = argv;
  return new Promise((resolve, reject) => {
    const options = { signal: io.signal, timeout: RUN_MS, maxBuffer: OUTPUT_LIMIT };
    execFile(program!, rest, options, (error, stdout, stderr) => {
      if (io.signal.aborted) return reject(io.signal.reason as Error);
      if (!error) return resolve({ exitCode: 0, stdout, stderr });
      if (typeof error.code === 'number') return resolve({ exitCode: error.code, stdout, stderr });
      // A shell says it like this, so local and remote hosts answer alike.
      if ((error.code as unknown) === 'ENOENT')
        return resolve({ exitCode: 127, stdout, stderr: `${program}: not found` });
      reject(error);
    });
  });
}
