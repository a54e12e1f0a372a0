import { createHash, randomBytes } from 'node:crypto';
import { posix } from 'node:path';
import type { Duplex } from 'node:stream';
import { UnreachableFailure } from '../../domain/failures';
import type { Address, ExecResult, HostContainer, Io } from '../../domain/host';
import { statusOf, type DockerEngine } from './engine';
import { attachIn, execIn } from './exec';
import type { HostAccess } from './host-local';

const ROOT = '/host';

/** Runs small programs in a helper container, because only the engine of this host can be reached. */
export class RemoteAccess implements HostAccess {
  private started: Promise<unknown> | undefined;
  private readonly name: string;

  constructor(
    private readonly engine: DockerEngine,
    private readonly image: string,
    private readonly ensure: (container: HostContainer, io: Io) => Promise<unknown>,
  ) {
    this.name = `spillway-helper-${createHash('sha256').update(image).digest('hex').slice(0, 8)}`;
  }

  async connect(to: Address, io: Io): Promise<Duplex> {
    const address = 'socket' in to ? `UNIX-CONNECT:${ROOT}${to.socket}` : `TCP:${to.host}:${to.port},connect-timeout=5`;
    // `-t` limits how long socat waits for its input to end after the other side has closed; its input never ends.
    const argv = ['socat', '-t', '0.02', '-', address];
    return this.inHelper(io, () => attachIn(this.engine, this.name, argv, io));
  }

  async readFile(path: string, io: Io): Promise<string | undefined> {
    const found = await this.shell('[ -e "$1" ] || exit 44; cat "$1"', [ROOT + path], io);
    if (found.exitCode === 44) return undefined;
    return expectSuccess(found, `to read ${path}`).stdout;
  }

  async writeFile(path: string, content: string, io: Io): Promise<void> {
    const input = Buffer.from(content);
    const part = `${path}.${randomBytes(6).toString('hex')}.part`;
    // The bytes are counted, because not every engine and proxy passes on the end of an input.
    const script =
      'mkdir -p "$1" && head -c "$4" > "$2" && [ "$(wc -c < "$2")" -eq "$4" ] && sync "$2" && mv -f "$2" "$3" || { rm -f "$2"; exit 1; }';
    const args = [posix.dirname(ROOT + path), ROOT + part, ROOT + path, String(input.length)];
    expectSuccess(await this.shell(script, args, io, input), `to write ${path}`);
  }

  async removeFile(path: string, io: Io): Promise<void> {
    expectSuccess(await this.shell('rm -f "$1"', [ROOT + path], io), `to remove ${path}`);
  }

  async listFiles(directory: string, io: Io): Promise<string[]> {
    const listed = await this.shell('[ -d "$1" ] || exit 0; ls -A "$1"', [ROOT + directory], io);
    return expectSuccess(listed, `to list ${directory}`).stdout.split('\n').filter(Boolean).sort();
  }

  async run(argv: string[], io: Io): Promise<ExecResult> {
    return this.inHelper(io, () => execIn(this.engine, this.name, ['chroot', ROOT, ...argv], io));
  }

  private async shell(script: string, args: string[], io: Io, input?: Buffer): Promise<ExecResult> {
    const argv = ['sh', '-c', script, 'spillway', ...args];
    const options = input && input.length > 0 ? { input } : {};
    return this.inHelper(io, () => execIn(this.engine, this.name, argv, io, options));
  }

  /** The helper may have gone since it was started, for instance with a restart of its host. */
  private async inHelper<T>(io: Io, work: () => Promise<T>): Promise<T> {
    await this.ready(io);
    try {
      return await work();
    } catch (error) {
      if (statusOf(error) !== 404 && statusOf(error) !== 409) throw error;
      this.started = undefined;
      await this.ready(io);
      return work();
    }
  }

  private async ready(io: Io): Promise<void> {
    this.started ??= this.ensure(helper(this.name, this.image), io);
    try {
      await this.started;
    } catch (error) {
      this.started = undefined;
      throw error;
    }
  }
}

function helper(name: string, image: string): HostContainer {
  return {
    name,
    image,
    // A shell as process 1 ignores signals without a handler, and would take ten seconds to stop.
    command: ['sh', '-c', 'trap "exit 0" TERM INT; while :; do sleep 3600 & wait $!; done'],
    labels: { 'spillway.helper': 'host' },
    binds: [`/:${ROOT}`],
    hostNetwork: true,
  };
}

function expectSuccess(result: ExecResult, what: string): ExecResult {
  if (result.exitCode === 0) return result;
  throw new UnreachableFailure(
    `expected the helper container ${what} on the host, seen exit code ${result.exitCode}: ${result.stderr.trim() || 'no output'}`,
  );
}
