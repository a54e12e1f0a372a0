import { once } from 'node:events';
import { extname, join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { MigrationFailure } from '../../../domain/failures';
import { TimeUp, within } from '../../../waiting/within';
import type { MigrationScript } from '../../migrations/files';
import type { TextMistake } from '../../migrations/text';
import type { Examined } from './statements';

/** What the thread is asked. */
export interface Asked {
  bytes: Uint8Array;
  transaction: boolean;
  /** False after the parser has failed on these bytes: first words have to do. */
  isParsed: boolean;
}

export type Told = { unreadable: TextMistake } | { examined: Examined };

/** Far more than the largest file takes; it ends a parser that hangs. */
const LIMIT_MS = 60_000;
/** Parsing may take this much beside the parser's own memory. */
const MEMORY_MB = 1_024;
/** The parser never gives memory back, so its thread ends when nobody has asked for this long. */
const IDLE_MS = 10_000;

/**
 * Reads scripts in a thread, since the worker goes on with every other release meanwhile. It reads one at a time, and
 * ends with a parser that crashes.
 */
class Reader {
  private thread: Worker | undefined;
  private idle: NodeJS.Timeout | undefined;
  private turn: Promise<unknown> = Promise.resolve();

  read(asked: Omit<Asked, 'isParsed'>, signal: AbortSignal): Promise<Told | undefined> {
    const mine = this.turn.then(async () => {
      signal.throwIfAborted();
      const told = await this.ask({ ...asked, isParsed: true }, signal);
      return told ?? this.ask({ ...asked, isParsed: false }, signal);
    });
    this.turn = mine.catch(() => undefined);
    return mine;
  }

  /** Answers undefined when the thread ended without an answer. */
  private async ask(asked: Asked, signal: AbortSignal): Promise<Told | undefined> {
    clearTimeout(this.idle);
    const thread = (this.thread ??= start());
    thread.ref();
    const answered = new AbortController();
    try {
      return await within({ signal, limit: LIMIT_MS }, (either) => {
        const ends = { signal: AbortSignal.any([either, answered.signal]) };
        thread.postMessage(asked);
        return Promise.race([
          once(thread, 'message', ends).then(([told]) => told as Told),
          once(thread, 'exit', ends).then(() => this.end()),
        ]);
      });
    } catch (error) {
      await this.end();
      signal.throwIfAborted();
      // What it failed of has been said by the thread's end, and the caller asks for less.
      if (error instanceof TimeUp || isOfThread(error)) return undefined;
      throw error;
    } finally {
      answered.abort();
      this.rest();
    }
  }

  private rest(): void {
    this.thread?.unref();
    this.idle = setTimeout(() => void this.end(), IDLE_MS).unref();
  }

  private async end(): Promise<undefined> {
    const { thread } = this;
    this.thread = undefined;
    await thread?.terminate();
  }
}

function start(): Worker {
  const thread = new Worker(join(__dirname, `thread${extname(__filename)}`), {
    resourceLimits: { maxOldGenerationSizeMb: MEMORY_MB },
  });
  // Whoever waits hears of it as well; unheard, it would end the process.
  return thread.on('error', () => undefined);
}

function isOfThread(error: unknown): boolean {
  return (error as { code?: string }).code?.startsWith('ERR_WORKER') ?? false;
}

const reader = new Reader();
const known = new WeakMap<MigrationScript, Promise<Told>>();

/** Reads a script; the same one only once. */
export async function read(script: MigrationScript, signal: AbortSignal): Promise<Told> {
  const before = known.get(script);
  if (before) return before;
  const reading = script.bytes().then((bytes) => readBytes(script, bytes, signal));
  known.set(script, reading);
  reading.catch(() => known.delete(script));
  return reading;
}

/** Reads just these bytes of a script, which are about to be sent. */
export async function readBytes(
  { file, transaction }: MigrationScript,
  bytes: Buffer,
  signal: AbortSignal,
): Promise<Told> {
  const told = await reader.read({ bytes, transaction }, signal);
  if (told) return told;
  throw new MigrationFailure(
    `${file}: expected a file that can be split into statements within ${LIMIT_MS / 1_000} s and ${MEMORY_MB} MB of memory, ` +
      'seen that it cannot; split it into several files',
  );
}

const NOTHING: Examined = {
  places: new Uint32Array(),
  mistakes: [],
  refused: [],
  unsure: [],
  byWords: 0,
  choosesPlace: true,
  beyond: [],
};

/** What is known of a script's statements; of one that is no text nothing is. */
export async function examine(script: MigrationScript, signal: AbortSignal): Promise<Examined> {
  const told = await read(script, signal);
  return 'examined' in told ? told.examined : NOTHING;
}
