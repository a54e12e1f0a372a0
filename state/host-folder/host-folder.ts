import { ConfigurationFailure, UnreachableFailure } from '../../domain/failures';
import type { Host, Io } from '../../domain/host';
import { formatDuration } from '../../domain/units';
import { until } from '../../waiting/until';
import type { Documents } from '../state';

export type FilesOfHost = Pick<Host, 'readFile' | 'writeFile' | 'listFiles' | 'run'>;

/** Another program needs the lock only for moments. */
const PATIENCE_MS = 10_000;
const POLL_MS = 100;
const NO_SUCH_PROGRAM = 127;

/*
 * The kernel frees the lock of a program however it ends. The program does not wait for the lock, so that the caller
 * can stop. `cat` writes, because unlike the shell's `printf` it says when a disk is full.
 */
const REPLACE = `
umask 022
command -v flock >/dev/null || exit ${NO_SUCH_PROGRAM}
mkdir -p "$(dirname "$1")" || exit 2
exec 9>>"$2" || exit 2
flock -n 9 || { [ $? -eq 1 ] && echo locked && exit; exit 2; }
[ "$(cat "$1" 2>/dev/null)" = "$3" ] || { echo changed; exit; }
printf '%s\\n' "$4" | cat >"$1.new" && sync "$1.new" && mv -f "$1.new" "$1" && echo replaced && exit
rm -f "$1.new"
exit 1`;

export class HostFolder implements Documents {
  constructor(
    private readonly host: FilesOfHost,
    private readonly directory: string,
    private readonly patienceMs = PATIENCE_MS,
  ) {}

  placeOf(name: string): string {
    return name === '' ? this.directory : `${this.directory}/${name}`;
  }

  read(name: string, io: Io): Promise<string | undefined> {
    return this.host.readFile(this.placeOf(name), io);
  }

  write(name: string, text: string, io: Io): Promise<void> {
    return this.host.writeFile(this.placeOf(name), text, io);
  }

  async replace(name: string, { seen, by }: { seen: string | undefined; by: string }, io: Io): Promise<boolean> {
    const lock = this.placeOf('lock');
    const argv = ['sh', '-c', REPLACE, 'sh', this.placeOf(name), lock, withoutEnd(seen ?? ''), withoutEnd(by)];
    const answer = await until({ signal: io.signal, pause: POLL_MS, limit: this.patienceMs }, async () => {
      const said = await this.run(argv, `to replace ${this.placeOf(name)}`, io);
      if (said !== 'locked') return said;
      io.onProgress(`waiting for ${lock}`);
    });
    if (answer === undefined) throw lockedTooLong(lock, this.patienceMs);
    return answer === 'replaced';
  }

  list(folder: string, io: Io): Promise<string[]> {
    return this.host.listFiles(this.placeOf(folder), io);
  }

  async remove(name: string, io: Io): Promise<void> {
    await this.run(['rm', '-rf', this.placeOf(name)], `to remove ${this.placeOf(name)}`, io);
  }

  private async run(argv: string[], what: string, io: Io): Promise<string> {
    const { exitCode, stdout, stderr } = await this.host.run(argv, io);
    if (exitCode === 0) return stdout.trim();
    if (exitCode === NO_SUCH_PROGRAM) {
      throw new ConfigurationFailure(
        `expected the programs sh, flock, cat, sync and mv on the target ${what}, seen that one is missing: install ` +
          '`util-linux` and `coreutils`, or `busybox`, there',
      );
    }
    throw new UnreachableFailure(`expected ${what} on the target, seen exit code ${exitCode}: ${stderr.trim()}`);
  }
}

function withoutEnd(text: string): string {
  return text.replace(/\n+$/, '');
}

function lockedTooLong(lock: string, patienceMs: number): UnreachableFailure {
  return new UnreachableFailure(
    `expected to lock ${lock} on the target within ${formatDuration(patienceMs)}, seen that another program holds it: ` +
      `find it with \`fuser ${lock}\`, and end it if it is stuck; the lock goes with it`,
  );
}
