import type { Duplex } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import { RouterFailure, UnreachableFailure } from '../../domain/failures';
import type { Host, Io } from '../../domain/host';
import { formatDuration } from '../../domain/units';
import { until } from '../../waiting/until';
import { HASH_VARIABLE } from './names';

const ANSWER_MS = 10_000;
/** A first try gets less time, because a process that is starting or ending may never answer. */
const TRY_MS = 3_000;
const LEAVING_TRY_MS = 1_000;
const PATIENCE_MS = 9_000;
const POLL_MS = 25;

export interface Process {
  pid: number;
  /** It dates from before a reload or a replacement, and takes no new connections. */
  leaving: boolean;
  /** Socket of its master, because process ids are unique only within one container. */
  socket: string;
}

interface Answer {
  process: Process;
  answer: string;
}

interface Processes {
  version: string;
  masterPid: number;
  failedReloads: number;
  all: Process[];
}

/** Talks to HAProxy's master and its workers, and to replaced masters that are leaving. */
export class Runtime {
  constructor(
    private readonly host: Host,
    private readonly socket: string,
    private readonly socketsOfLeaving: (io: Io) => Promise<string[]> = () => Promise.resolve([]),
  ) {}

  async processes(io: Io): Promise<Processes> {
    // A master that is replaced between the two looks is seen by both of them. The other order would miss it.
    const mine = this.read(await this.send('show proc', io));
    return { ...mine, all: [...mine.all, ...(await this.replaced(io))] };
  }

  /** A master that does not answer has ended. */
  private async replaced(io: Io): Promise<Process[]> {
    const lists = (await this.socketsOfLeaving(io)).map(async (socket) => {
      const text = await this.sendOnce('show proc', io, socket).catch(unlessUnreachable);
      return text === undefined ? [] : workersIn(text).map(({ pid }) => ({ pid, leaving: true, socket }));
    });
    return (await Promise.all(lists)).flat();
  }

  private read(text: string): Processes {
    const rows = text.split('\n').map((line) => line.trim().split(/\s+/));
    const master = rows.find((row) => row[1] === 'master');
    if (!master)
      throw new RouterFailure(`expected HAProxy's list of processes at ${this.socket}, seen: ${text.trim()}`);
    return {
      version: /(\d+\.\d+\S*)\s*$/m.exec(text.split('\n')[1] ?? '')?.[1] ?? 'unknown',
      masterPid: Number(master[0]),
      failedReloads: Number(/\[failed: (\d+)\]/.exec(text)?.[1] ?? 0),
      all: workersIn(text).map((worker) => ({ ...worker, socket: this.socket })),
    };
  }

  /** Answers undefined when the process has ended meanwhile. */
  async ask(process: Process, command: string, io: Io): Promise<string | undefined> {
    const line = `@!${process.pid} ${command}`;
    const answer = process.leaving ? await this.askLeaving(process, line, io) : await this.send(line, io);
    return answer === undefined || /^Can't (find|connect to) the target/.test(answer.trimStart()) ? undefined : answer;
  }

  /** The master still lists a process that has just ended, but gives no answer for it, so this asks again. */
  private async askLeaving(process: Process, line: string, io: Io): Promise<string | undefined> {
    let withinMs = LEAVING_TRY_MS;
    const found = await until({ signal: io.signal, pause: POLL_MS, limit: ANSWER_MS }, async () => {
      const answer = await this.sendOnce(line, io, process.socket, withinMs).catch(unlessUnreachable);
      if (answer) return { answer };
      const { all } = await this.processes(io);
      if (!all.some(({ pid, socket }) => pid === process.pid && socket === process.socket)) return {};
      withinMs = ANSWER_MS;
    });
    if (found) return found.answer;
    throw new UnreachableFailure(
      `expected process ${process.pid} of HAProxy, which is leaving, to answer "${line}", seen nothing within ${formatDuration(ANSWER_MS)}`,
    );
  }

  async askEach({ pid, socket }: Process, commands: string[], io: Io): Promise<void> {
    const lines = commands.map((command) => `@!${pid} ${command}`).join('\n');
    await (socket === this.socket ? this.send(lines, io) : this.sendOnce(lines, io, socket).catch(unlessUnreachable));
  }

  /**
   * Asks again when processes came or went meanwhile, or one of them gives no answer: it is starting or ending.
   *
   * @throws UnreachableFailure when they do not settle
   */
  async askAll(command: string, io: Io): Promise<Answer[]> {
    const answers = await until({ signal: io.signal, pause: POLL_MS, limit: PATIENCE_MS }, async () => {
      const { all } = await this.processes(io);
      const given = await Promise.all(
        all.map(async (process) => ({ process, answer: await this.ask(process, command, io) })),
      );
      if (all.length === 0 || !given.every(isAnswer)) return undefined;
      return isDeepStrictEqual((await this.processes(io)).all, all) ? given : undefined;
    });
    if (answers) return answers;
    throw new UnreachableFailure(
      `expected all processes of HAProxy to answer "${command}", seen that some gave none within ${PATIENCE_MS / 1_000} s; see ${this.socket}`,
    );
  }

  async current(io: Io): Promise<Process | undefined> {
    return (await this.processes(io)).all.find((process) => !process.leaving);
  }

  /** Answers undefined when it is not Spillway's. */
  async hashInForce(io: Io): Promise<string | undefined> {
    const process = await this.current(io);
    return process && this.variable(process, HASH_VARIABLE, io);
  }

  /** HAProxy answers before the reload is done. */
  async reload(io: Io): Promise<string> {
    return this.sendOnce('reload', io);
  }

  async variable(process: Process, name: string, io: Io): Promise<string | undefined> {
    return /value=<(.*)>/.exec((await this.ask(process, `get var ${name}`, io)) ?? '')?.[1];
  }

  /** Tries again because a restarting master refuses or hangs up; only `reload` may not be given twice. */
  private async send(command: string, io: Io): Promise<string> {
    const end = Date.now() + PATIENCE_MS;
    for (;;) {
      try {
        const answer = await this.sendOnce(command, io, this.socket, TRY_MS);
        if (answer !== '' || Date.now() > end) return answer;
      } catch (error) {
        if (!(error instanceof UnreachableFailure) || Date.now() > end || !(await this.exists(io))) throw error;
      }
      await sleep(POLL_MS, undefined, { signal: io.signal });
    }
  }

  private async sendOnce(command: string, io: Io, socket = this.socket, withinMs = ANSWER_MS): Promise<string> {
    return exchange(await this.host.connect({ socket }, io), command, withinMs, io);
  }

  private async exists(io: Io): Promise<boolean> {
    return (await this.host.run(['test', '-S', this.socket], io)).exitCode === 0;
  }
}

function isAnswer(given: { process: Process; answer: string | undefined }): given is Answer {
  return given.answer !== undefined;
}

function workersIn(text: string): { pid: number; leaving: boolean }[] {
  const old = text.indexOf('# old workers');
  return [...text.matchAll(/^(\d+)\s+worker\s/gm)].map((match) => ({
    pid: Number(match[1]),
    leaving: old >= 0 && match.index > old,
  }));
}

function unlessUnreachable(error: unknown): undefined {
  if (!(error instanceof UnreachableFailure)) throw error;
}

function exchange(stream: Duplex, command: string, withinMs: number, io: Io): Promise<string> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    const end = (settle: () => void): void => {
      clearTimeout(timer);
      io.signal.removeEventListener('abort', aborted);
      stream.destroy();
      settle();
    };
    const fail = (seen: string): void =>
      end(() => reject(new UnreachableFailure(`expected HAProxy to answer "${command}", seen ${seen}`)));
    const aborted = (): void => end(() => reject(io.signal.reason as Error));
    const timer = setTimeout(() => fail(`nothing within ${formatDuration(withinMs)}`), withinMs);
    io.signal.addEventListener('abort', aborted, { once: true });
    stream.on('data', (chunk: Buffer) => chunks.push(chunk));
    stream.on('error', (error) => fail(error.message));
    stream.on('end', () => end(() => resolve(Buffer.concat(chunks).toString('utf8'))));
    stream.on('close', () => end(() => resolve(Buffer.concat(chunks).toString('utf8'))));
    // Without `quit` the master waits for more, and some connections to a host cannot be half-closed.
    stream.write(`${command}\nquit\n`);
  });
}
