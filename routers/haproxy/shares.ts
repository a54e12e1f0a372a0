import { RouterFailure } from '../../domain/failures';
import type { Host, Io } from '../../domain/host';
import type { Scope } from '../../domain/release';
import { until } from '../../waiting/until';
import { mapFile } from './names';
import type { Process, Runtime } from './runtime';
import type { Trial } from '../router';
import { refuseBrokenShare } from '../../domain/shares';

const SETTLE_MS = 10_000;
const POLL_MS = 20;

const KEYS = ['green', 'testers', 'baseline-from', 'baseline-to'] as const;
type Key = (typeof KEYS)[number];

/** All values are per cent. Draws from `baseline-from` up to, but without, `baseline-to` go to the fresh baseline. */
export type Wanted = { green: number } & Partial<Record<Key, number>>;

/** A key is undefined when a process's map lacks it. */
type Seen = ({ process: Process } & Partial<Record<Key, number>>)[];

/** A file keeps it over a restart, and a map in every process has it in force. */
export class Shares {
  constructor(
    private readonly host: Host,
    private readonly runtime: Runtime,
    private readonly directory: string,
  ) {}

  /** HAProxy does not start without the file. Answers true when the file was missing. */
  async ensure(scope: Scope, green: number, io: Io): Promise<boolean> {
    if ((await this.host.readFile(this.fileOf(scope), io)) !== undefined) return false;
    await this.host.writeFile(this.fileOf(scope), `green ${green}\n`, io);
    return true;
  }

  async remove(scope: Scope, io: Io): Promise<void> {
    await this.host.removeFile(this.fileOf(scope), io);
  }

  /**
   * Gives all traffic to one version even when the file cannot be written: a bad version must lose it.
   * @throws RouterFailure when a process does not confirm the share, or it would not outlive a restart.
   */
  async set(scope: Scope, wanted: Wanted, io: Io): Promise<void> {
    refuseBrokenShare(wanted.green);
    const lines = KEYS.filter((key) => wanted[key] !== undefined).map((key) => `${key} ${wanted[key]}\n`);
    const unsaved = await this.host.writeFile(this.fileOf(scope), lines.join(''), io).then(
      () => undefined,
      (error: unknown) => this.unsaved(scope, wanted, error),
    );
    if (unsaved && wanted.green !== 0 && wanted.green !== 100) throw unsaved;
    await this.setInMemory(scope, wanted, io);
    if (unsaved) throw unsaved;
  }

  private async setInMemory(scope: Scope, wanted: Wanted, io: Io): Promise<void> {
    let seen: Seen = [];
    // A reload for another app may start a process that read the old file, so this repeats until all agree.
    const agree = await until({ signal: io.signal, pause: POLL_MS, limit: SETTLE_MS }, async () => {
      await this.runtime.askAll(`set map ${this.fileOf(scope)} green ${wanted.green}`, io);
      seen = await this.inForce(scope, io);
      const wrong = seen.filter((one) => KEYS.some((key) => one[key] !== wanted[key]));
      if (seen.length > 0 && wrong.length === 0) return true;
      for (const one of wrong) await this.correct(scope, one, wanted, io);
    });
    if (!agree) throw this.disagreement(scope, `${wanted.green} %`, seen);
  }

  /** @throws RouterFailure when processes differ, or one has lost its share. */
  async get(scope: Scope, io: Io): Promise<number | undefined> {
    if ((await this.host.readFile(this.fileOf(scope), io)) === undefined) return undefined;
    const seen = await this.inForce(scope, io);
    const [first] = seen;
    if (seen.some(({ green }) => green === undefined || green !== first?.green)) {
      throw this.disagreement(scope, 'one share in all processes', seen);
    }
    return first?.green;
  }

  private fileOf(scope: Scope): string {
    return mapFile(this.directory, scope);
  }

  /** Skips processes older than the environment: they do not know the map and route nothing by it. */
  private async inForce(scope: Scope, io: Io): Promise<Seen> {
    const answers = await this.runtime.askAll(`show map ${this.fileOf(scope)}`, io);
    return answers
      .filter(({ answer }) => !answer.includes('Unknown map'))
      .map(({ process, answer }) => ({
        process,
        ...Object.fromEntries(KEYS.map((key) => [key, valueOf(answer, key)])),
      }));
  }

  private async correct(scope: Scope, seen: Seen[number], wanted: Wanted, io: Io): Promise<void> {
    for (const key of KEYS) {
      const [has, gets] = [seen[key], wanted[key]];
      if (has === gets) continue;
      const command = has === undefined ? 'add' : gets === undefined ? 'del' : 'set';
      await this.runtime.ask(seen.process, `${command} map ${this.fileOf(scope)} ${key} ${gets ?? ''}`.trimEnd(), io);
    }
  }

  private unsaved(scope: Scope, { green }: Wanted, cause: unknown): RouterFailure {
    return new RouterFailure(
      `expected to write green's share, ${green} %, to ${this.fileOf(scope)}, seen ${(cause as Error).message}. ` +
        'See that the disk has room: until then a restart of HAProxy would bring the share of before back.',
      { cause },
    );
  }

  private disagreement(scope: Scope, expected: string, seen: Seen): RouterFailure {
    const processes = seen.map((one) => `${one.green ?? 'no share'} in process ${one.process.pid}`).join(', ');
    return new RouterFailure(
      `expected ${expected} as green's share of ${scope.app}/${scope.environment}, seen ` +
        `${processes || 'no process of HAProxy that knows it'} (${this.fileOf(scope)}). Give the share again, or restart HAProxy.`,
    );
  }
}

/** Draws below green's share go to green, so the last to leave blue are the highest, and to leave green the lowest. */
export function drawsOf({ of, share }: NonNullable<Trial['baseline']>): Partial<Wanted> {
  const [from, to] = of === 'blue' ? [100 - share, 100] : [0, share];
  return { 'baseline-from': from, 'baseline-to': to };
}

function valueOf(answer: string, key: Key): number | undefined {
  const value = new RegExp(`\\s${key} (\\d+)\\s*$`, 'm').exec(answer)?.[1];
  return value === undefined ? undefined : Number(value);
}
