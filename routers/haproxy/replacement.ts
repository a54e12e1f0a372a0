import { RouterFailure } from '../../domain/failures';
import type { Host, HostContainer, Io } from '../../domain/host';
import { until } from '../../waiting/until';

const LEAVE_MS = 2_000;
const POLL_MS = 50;

export const HANDOVER_SOCKET = 'handover.sock';

// This runs inside the container, whose user may link files of others. The link stays when `master.sock` is replaced.
const STEP_ASIDE = `cd "$1" && { [ -e "$2" ] || ln master.sock "$2"; } && { [ ! -S worker.sock ] || ln -f worker.sock ${HANDOVER_SOCKET}; }`;
const COME_BACK = `cd "$1" && ln -f "$2" back.sock && mv -f back.sock master.sock; rm -f back.sock ${HANDOVER_SOCKET}`;
const SAME_AS_MASTER = `cd "$1" && for one in leaving-*.sock; do [ "$one" -ef master.sock ] && echo "$one"; done; true`;

/**
 * Replaces the container of Spillway's own HAProxy without losing a request. The old one is renamed and its master's
 * socket gets a second name. The new one takes over its listening sockets, so no port is ever closed. The old one
 * leaves after its last request. After an interruption it serves on, and the next call finishes.
 */
export class Replacement {
  /** @param container undefined when HAProxy is not Spillway's own; nothing is ever replaced then */
  constructor(
    private readonly host: Host,
    private readonly directory: string,
    private readonly container: string | undefined,
  ) {}

  async sockets(io: Io): Promise<string[]> {
    const names = await this.leaving(io);
    if (names.length === 0) return [];
    const same = await this.behindMaster(io);
    return names.filter((name) => !same.includes(name)).map((name) => `${this.directory}/${name}`);
  }

  async hasSteppedAside(io: Io): Promise<boolean> {
    return (await this.leaving(io)).length > 0 && (await this.behindMaster(io)).length > 0;
  }

  async stepAside({ id }: { id: string }, io: Io): Promise<void> {
    if (this.container === undefined) return;
    const socket = `leaving-${short(id)}.sock`;
    const { exitCode, stderr } = await this.exec(this.container, STEP_ASIDE, socket, io);
    if (exitCode !== 0) {
      throw new RouterFailure(
        `expected HAProxy's socket in ${this.directory} to get a second name before it is replaced, seen: ${stderr.trim()}. Nothing was changed.`,
      );
    }
    await this.host.renameContainer(this.container, this.nameOf(socket), io);
  }

  async comeBack({ id }: { id: string }, io: Io): Promise<void> {
    if (this.container === undefined) return;
    const socket = `leaving-${short(id)}.sock`;
    await this.host.removeContainer(this.container, io);
    await this.exec(this.nameOf(socket), COME_BACK, socket, io);
    await this.host.renameContainer(this.nameOf(socket), this.container, io);
    await this.host.removeFile(`${this.directory}/${socket}`, io);
  }

  /** Removes the second socket after an interruption before the container was renamed. */
  async tidy({ id }: { id: string }, io: Io): Promise<void> {
    const socket = `leaving-${short(id)}.sock`;
    if ((await this.leaving(io)).includes(socket)) await this.host.removeFile(`${this.directory}/${socket}`, io);
  }

  async dismiss(wanted: HostContainer, io: Io): Promise<void> {
    const sockets = await this.leaving(io);
    if (sockets.length === 0) return;
    await this.host.removeFile(`${this.directory}/${HANDOVER_SOCKET}`, io);
    for (const socket of sockets) await this.host.signalContainer(this.nameOf(socket), 'SIGUSR1', io);
    await until({ signal: io.signal, pause: POLL_MS, limit: LEAVE_MS }, async () => {
      const removed = await Promise.all(sockets.map((socket) => this.remove(socket, wanted, io)));
      return removed.every(Boolean) || undefined;
    });
  }

  /** Also ends what is still in flight there. */
  async removeAll(io: Io): Promise<void> {
    for (const socket of await this.leaving(io)) {
      await this.host.removeContainer(this.nameOf(socket), io);
      await this.host.removeFile(`${this.directory}/${socket}`, io);
    }
  }

  private async remove(socket: string, wanted: HostContainer, io: Io): Promise<boolean> {
    const name = this.nameOf(socket);
    const found = await this.host.findContainer({ ...wanted, name }, io);
    if (found?.running) return false;
    if (found) await this.host.removeContainer(name, io);
    await this.host.removeFile(`${this.directory}/${socket}`, io);
    return true;
  }

  private async leaving(io: Io): Promise<string[]> {
    if (this.container === undefined) return [];
    return (await this.host.listFiles(this.directory, io)).filter((name) => /^leaving-.*\.sock$/.test(name));
  }

  private async behindMaster(io: Io): Promise<string[]> {
    const { stdout } = await this.host.run(['sh', '-c', SAME_AS_MASTER, 'sh', this.directory], io);
    return stdout.split('\n').filter((line) => line !== '');
  }

  private nameOf(socket: string): string {
    return `${this.container}-${socket.replace(/\.sock$/, '')}`;
  }

  private exec(container: string, script: string, socket: string, io: Io) {
    return this.host.execInContainer(container, ['sh', '-c', script, 'sh', this.directory, socket], io);
  }
}

function short(id: string): string {
  return id.slice(0, 12);
}
