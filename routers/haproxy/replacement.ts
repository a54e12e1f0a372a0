import { setTimeout as sleep } from 'node:timers/promises';
import { RouterFailure } from '../../domain/failures';
import type { Host, HostContainer, Io } from '../../domain/host';

const LEAVE_MS = 2_000;
const POLL_MS = 50;

/** Socket over which a process hands its listening sockets to another container; there only while one is replaced. */
export const HANDOVER_SOCKET = 'handover.sock';

// Inside the container, whose user may link what belongs to others. A link outlives that another takes the name `master.sock`.
const STEP_ASIDE = `cd "$1" && { [ -e "$2" ] || ln master.sock "$2"; } && { [ ! -S worker.sock ] || ln -f worker.sock ${HANDOVER_SOCKET}; }`;
const COME_BACK = `cd "$1" && ln -f "$2" back.sock && mv -f back.sock master.sock; rm -f back.sock ${HANDOVER_SOCKET}`;
// Links to one socket have one inode.
const SAME_AS_MASTER = `cd "$1" && for one in leaving-*.sock; do [ "$one" -ef master.sock ] && echo "$one"; done; true`;

/**
 * Replaces Spillway's own HAProxy by another container without losing a request. The old one steps aside: it gets another
 * name, and its master's socket too. The new one takes the same listening sockets from it, so nobody finds a port closed.
 * Then the old one is told to leave, which it does when the last request or WebSocket has ended. Whatever interrupts this,
 * the old one serves until the new one does, and who comes next finishes it.
 */
export class Replacement {
  /** @param container undefined when HAProxy is not Spillway's own: nothing is ever replaced then */
  constructor(
    private readonly host: Host,
    private readonly directory: string,
    private readonly container: string | undefined,
  ) {}

  /** Sockets of masters that were replaced and may still have something in flight. */
  async sockets(io: Io): Promise<string[]> {
    const names = await this.leaving(io);
    if (names.length === 0) return [];
    const same = await this.behindMaster(io);
    return names.filter((name) => !same.includes(name)).map((name) => `${this.directory}/${name}`);
  }

  /** Whether the one that answers at the master's socket has stepped aside already. */
  async hasSteppedAside(io: Io): Promise<boolean> {
    return (await this.leaving(io)).length > 0 && (await this.behindMaster(io)).length > 0;
  }

  async stepAside({ id }: { id: string }, io: Io): Promise<void> {
    if (this.container === undefined) return;
    const socket = `leaving-${short(id)}.sock`;
    const { exitCode, stderr } = await this.exec(this.container, STEP_ASIDE, socket, io);
    if (exitCode !== 0) {
      throw new RouterFailure(
        `Expected HAProxy's socket in ${this.directory} to get a second name before it is replaced, seen: ${stderr.trim()}. Nothing was changed.`,
      );
    }
    await this.host.renameContainer(this.container, this.nameOf(socket), io);
  }

  /** Undoes a step aside after which no other HAProxy came to serve. */
  async comeBack({ id }: { id: string }, io: Io): Promise<void> {
    if (this.container === undefined) return;
    const socket = `leaving-${short(id)}.sock`;
    await this.host.removeContainer(this.container, io);
    await this.exec(this.nameOf(socket), COME_BACK, socket, io);
    await this.host.renameContainer(this.nameOf(socket), this.container, io);
    await this.host.removeFile(`${this.directory}/${socket}`, io);
  }

  /** Removes the second socket of a replacement that was interrupted before the container had another name. */
  async tidy({ id }: { id: string }, io: Io): Promise<void> {
    const socket = `leaving-${short(id)}.sock`;
    if ((await this.leaving(io)).includes(socket)) await this.host.removeFile(`${this.directory}/${socket}`, io);
  }

  /** Tells those that were replaced to leave, and removes the ones that have left. */
  async dismiss(wanted: HostContainer, io: Io): Promise<void> {
    const sockets = await this.leaving(io);
    if (sockets.length === 0) return;
    await this.host.removeFile(`${this.directory}/${HANDOVER_SOCKET}`, io);
    for (const socket of sockets) await this.host.signalContainer(this.nameOf(socket), 'SIGUSR1', io);
    const end = Date.now() + LEAVE_MS;
    for (;;) {
      const left = await Promise.all(sockets.map((socket) => this.remove(socket, wanted, io)));
      if (left.every(Boolean) || Date.now() > end) return;
      await sleep(POLL_MS, undefined, { signal: io.signal });
    }
  }

  /** Answers whether it had left. */
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
