import { Duplex, PassThrough, type Readable } from 'node:stream';
import { finished } from 'node:stream/promises';
import type Docker from 'dockerode';
import { UnreachableFailure } from '../../domain/failures';
import type { ExecResult, Io } from '../../domain/host';
import type { DockerEngine } from './engine';
import { textOf } from './text';

/** Bytes of output that are kept; the rest is read and dropped. */
const OUTPUT_LIMIT = 8 * 1024 * 1024;

interface ExecOptions {
  /** The input is not closed afterwards, so the program must know how much to read. */
  input?: Buffer;
  user?: string;
}

export async function execIn(
  engine: DockerEngine,
  container: string,
  argv: string[],
  io: Io,
  { input, user }: ExecOptions = {},
): Promise<ExecResult> {
  const exec = await createExec(engine, container, argv, io, { AttachStdin: input !== undefined, User: user });
  return engine.call(
    io,
    async (docker, abort) => {
      const hijack = input !== undefined;
      const stream = await exec.start({ Tty: false, hijack, stdin: hijack, ...abort });
      if (input) stream.write(input);
      const [stdout, stderr] = await collect(docker, stream, abort.abortSignal);
      const { ExitCode } = await exec.inspect(abort);
      return { exitCode: ExitCode ?? -1, stdout, stderr };
    },
    null,
  );
}

export async function attachIn(engine: DockerEngine, container: string, argv: string[], io: Io): Promise<Duplex> {
  const exec = await createExec(engine, container, argv, io, { AttachStdin: true });
  return engine.call(io, async (docker, abort) => {
    const raw = await exec.start({ Tty: false, hijack: true, stdin: true, ...abort });
    const output = new PassThrough();
    const errors = new PassThrough();
    docker.modem.demuxStream(raw, output, errors);
    const complaint = textOf(errors, OUTPUT_LIMIT);
    raw.once('end', () => errors.end());
    raw.once('end', () => void endLike(output, complaint, argv));
    raw.once('error', (error: Error) => output.destroy(error));
    return joined(raw, output);
  });
}

export async function collect(
  docker: Docker,
  stream: NodeJS.ReadableStream,
  signal?: AbortSignal,
): Promise<[string, string]> {
  const output = new PassThrough();
  const errors = new PassThrough();
  const texts = Promise.all([textOf(output, OUTPUT_LIMIT), textOf(errors, OUTPUT_LIMIT)]);
  docker.modem.demuxStream(stream, output, errors);
  const stop = (): void => void (stream as Readable).destroy();
  signal?.addEventListener('abort', stop, { once: true });
  try {
    await finished(stream, { writable: false });
  } finally {
    signal?.removeEventListener('abort', stop);
    output.end();
    errors.end();
  }
  return texts;
}

/** Keeps the order of output and errors. Each frame has a head of 8 bytes, whose last four are its length. */
export function textOfFrames(framed: Buffer): string {
  const parts: Buffer[] = [];
  for (let at = 0; at + 8 <= framed.length;) {
    const end = at + 8 + framed.readUInt32BE(at + 4);
    parts.push(framed.subarray(at + 8, end));
    at = end;
  }
  return Buffer.concat(parts).toString('utf8');
}

function createExec(
  engine: DockerEngine,
  container: string,
  argv: string[],
  io: Io,
  options: { AttachStdin: boolean; User?: string },
): Promise<Docker.Exec> {
  return engine.call(io, (docker, abort) =>
    docker.getContainer(container).exec({ Cmd: argv, AttachStdout: true, AttachStderr: true, ...options, ...abort }),
  );
}

/** A stream that ends because nobody answered must not look like a good end. */
async function endLike(output: PassThrough, complaint: Promise<string>, argv: string[]): Promise<void> {
  const said = (await complaint).trim();
  if (said === '') return void output.end();
  output.destroy(new UnreachableFailure(`expected a connection by \`${argv.join(' ')}\`, seen ${said}`));
}

/** The end of writing is not passed on, because the program would close both directions. */
function joined(raw: NodeJS.ReadWriteStream, output: PassThrough): Duplex {
  const duplex = new Duplex({
    read: () => output.resume(),
    write: (chunk: Buffer, _encoding, done) => void raw.write(chunk, () => done()),
    final: (done) => done(),
    destroy: (error, done) => {
      (raw as unknown as Readable).destroy();
      done(error);
    },
  });
  output.on('data', (chunk) => duplex.push(chunk) || output.pause());
  output.once('end', () => duplex.push(null));
  output.once('error', (error) => duplex.destroy(error));
  return duplex;
}
