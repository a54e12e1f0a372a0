import type { Duplex } from 'node:stream';

/** Lets adapters be stopped and report progress without knowing Temporal. */
export interface Io {
  signal: AbortSignal;
  onProgress: (detail: string) => void;
}

export type Address = { host: string; port: number } | { socket: string };

export interface HostContainer {
  name: string;
  image: string;
  command: string[];
  labels: Record<string, string>;
  /** `SOURCE:TARGET[:ro]`; sources are absolute paths on the host. */
  binds: string[];
  hostNetwork: true;
  /** `UID:GID`; absent means as the image says. The router needs root to listen below port 1024. */
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

/** Routers reach sockets and files only through this, so that a remote host works like the local one. */
export interface Host {
  connect(to: Address, io: Io): Promise<Duplex>;
  /** Answers undefined when there is no such file. */
  readFile(path: string, io: Io): Promise<string | undefined>;
  /** Creates folders and renames, so that readers never see a part of the file. */
  writeFile(path: string, content: string, io: Io): Promise<void>;
  removeFile(path: string, io: Io): Promise<void>;
  listFiles(directory: string, io: Io): Promise<string[]>;
  run(argv: string[], io: Io): Promise<ExecResult>;
  /** Leaves a container alone that runs with the same image and command. */
  ensureContainer(container: HostContainer, io: Io): Promise<'started' | 'running'>;
  /** Answers undefined when nothing has this name. */
  findContainer(container: HostContainer, io: Io): Promise<FoundContainer | undefined>;
  /** Answers undefined when nothing has this name. */
  containerLabels(name: string, io: Io): Promise<Record<string, string> | undefined>;
  /** Succeeds when there is no such container, since it may have been renamed before. */
  renameContainer(from: string, to: string, io: Io): Promise<void>;
  /** The engine does not restart the container after this. It may have stopped already. */
  signalContainer(name: string, signal: 'SIGUSR1', io: Io): Promise<void>;
  execInContainer(name: string, argv: string[], io: Io): Promise<ExecResult>;
  /**
   * Runs a program in a container of its own, as root; undefined when the image is not on the host.
   * @throws ConfigurationFailure when the host has not what is to be bound
   */
  runImage(given: Pick<HostContainer, 'image' | 'command' | 'binds'>, io: Io): Promise<ExecResult | undefined>;
  removeContainer(name: string, io: Io): Promise<void>;
}
