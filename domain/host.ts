import type { Duplex } from 'node:stream';

/** How a long operation is stopped and says that it goes on. Adapters take this instead of knowing Temporal. */
export interface Io {
  signal: AbortSignal;
  /** Called with what is going on, in words. */
  onProgress: (detail: string) => void;
}

/** A place to connect to, as seen from the host. */
export type Address = { host: string; port: number } | { socket: string };

/** A helper container that belongs to the host, such as the router. */
export interface HostContainer {
  name: string;
  image: string;
  command: string[];
  labels: Record<string, string>;
  /** `SOURCE:TARGET[:ro]`, sources being absolute paths on the host. */
  binds: string[];
  /** On the host's own network. */
  hostNetwork: true;
  /** `UID:GID`; absent: as the image says. The router needs root to listen below port 1024. */
  user?: string;
  env?: Record<string, string>;
}

export interface FoundContainer {
  id: string;
  running: boolean;
  same: boolean;
}

export interface ExecResult {
  exitCode: number;
  stdout: string;
  stderr: string;
}

/**
 * The machine on which containers run, wherever it is. Routers reach their sockets and files through it and never
 * dial or open them themselves, so a remote host works as the local one does.
 */
export interface Host {
  /** Opens a byte stream to something that only the host may reach. */
  connect(to: Address, io: Io): Promise<Duplex>;
  /** Undefined when there is no such file. */
  readFile(path: string, io: Io): Promise<string | undefined>;
  /** Replaces the file by rename, creating its folders: a reader sees the old or the new one, never a part. */
  writeFile(path: string, content: string, io: Io): Promise<void>;
  removeFile(path: string, io: Io): Promise<void>;
  /** Names in a folder, sorted; empty when there is none. */
  listFiles(directory: string, io: Io): Promise<string[]>;
  /** Runs a program on the host itself. */
  run(argv: string[], io: Io): Promise<ExecResult>;
  /** Starts it, or leaves it alone when it runs with the same image and command; says which. */
  ensureContainer(container: HostContainer, io: Io): Promise<'started' | 'running'>;
  /** What has this name: whether it runs, and was made from the same image and command. Undefined when nothing has it. */
  findContainer(container: HostContainer, io: Io): Promise<FoundContainer | undefined>;
  /** Labels of what has this name; undefined when nothing has it. */
  containerLabels(name: string, io: Io): Promise<Record<string, string> | undefined>;
  /** Gives a container another name while it runs. Nothing there is fine: it was done before. */
  renameContainer(from: string, to: string, io: Io): Promise<void>;
  /** Sends a signal after which the engine does not start the container again. One that does not run is fine. */
  signalContainer(name: string, signal: 'SIGUSR1', io: Io): Promise<void>;
  execInContainer(name: string, argv: string[], io: Io): Promise<ExecResult>;
  removeContainer(name: string, io: Io): Promise<void>;
}
