import { setTimeout as sleep } from 'node:timers/promises';
import { RouterFailure } from '../domain/failures';
import type { Host, Io } from '../domain/host';
import type { Scope } from '../domain/release';
import { mapFile } from './haproxy-names';
import type { HaproxyProcess, HaproxyRuntime } from './haproxy-runtime';
import { refuseBrokenShare } from './shares';

const SETTLE_MS = 10_000;
const POLL_MS = 20;

/** Share of a process; undefined when the key is missing from its map. */
type Seen = { process: HaproxyProcess; share: number | undefined }[];

/** Green's share of each environment: a file that outlives a restart, and a map in the memory of every process. */
export class HaproxyShares {
  constructor(
    private readonly host: Host,
    private readonly runtime: HaproxyRuntime,
    private readonly directory: string,
  ) {}

  /** HAProxy does not start without the file. Answers whether it was missing. */
  async ensure(scope: Scope, io: Io): Promise<boolean> {
    if ((await this.host.readFile(this.fileOf(scope), io)) !== undefined) return false;
    await this.host.writeFile(this.fileOf(scope), 'green 0\n', io);
    return true;
  }

  async remove(scope: Scope, io: Io): Promise<void> {
    await this.host.removeFile(this.fileOf(scope), io);
  }

  /** @throws RouterFailure when not every process confirms the share. */
  async set(scope: Scope, share: number, io: Io): Promise<void> {
    refuseBrokenShare(share);
    await this.host.writeFile(this.fileOf(scope), `green ${share}\n`, io);
    const end = Date.now() + SETTLE_MS;
    // A reload for another app may start a process that read the file before it was written: so again until all agree.
    for (;;) {
      await this.runtime.askAll(`set map ${this.fileOf(scope)} green ${share}`, io);
      const seen = await this.inForce(scope, io);
      if (seen.length > 0 && seen.every((one) => one.share === share)) return;
      if (Date.now() > end) throw this.disagreement(scope, `${share} %`, seen);
      await this.restoreKey(scope, share, seen, io);
      await sleep(POLL_MS, undefined, { signal: io.signal });
    }
  }

  /**
   * Undefined when the environment is unknown.
   * @throws RouterFailure when processes differ, or one has lost it.
   */
  async get(scope: Scope, io: Io): Promise<number | undefined> {
    if ((await this.host.readFile(this.fileOf(scope), io)) === undefined) return undefined;
    const seen = await this.inForce(scope, io);
    const [first] = seen;
    if (seen.some(({ share }) => share === undefined || share !== first?.share)) {
      throw this.disagreement(scope, 'one share in all processes', seen);
    }
    return first?.share;
  }

  private fileOf(scope: Scope): string {
    return mapFile(this.directory, scope);
  }

  /** A process from before the environment came does not know the map, and routes nothing by it. */
  private async inForce(scope: Scope, io: Io): Promise<Seen> {
    const answers = await this.runtime.askAll(`show map ${this.fileOf(scope)}`, io);
    return answers
      .filter(({ answer }) => !answer.includes('Unknown map'))
      .map(({ process, answer }) => {
        const value = /\sgreen (\d+)\s*$/m.exec(answer)?.[1];
        return { process, share: value === undefined ? undefined : Number(value) };
      });
  }

  /** Somebody may have removed the key by hand. */
  private async restoreKey(scope: Scope, share: number, seen: Seen, io: Io): Promise<void> {
    for (const { process } of seen.filter((one) => one.share === undefined)) {
      await this.runtime.ask(process, `add map ${this.fileOf(scope)} green ${share}`, io);
    }
  }

  private disagreement(scope: Scope, expected: string, seen: Seen): RouterFailure {
    const processes = seen.map((one) => `${one.share ?? 'no share'} in process ${one.process.pid}`).join(', ');
    return new RouterFailure(
      `Expected ${expected} as green's share of ${scope.app}/${scope.environment}, seen ` +
        `${processes || 'no process of HAProxy that knows it'} (${this.fileOf(scope)}). Give the share again, or restart HAProxy.`,
    );
  }
}
