import type { Readable } from 'node:stream';
import type { Io } from '../domain/host';
import type { Owned } from '../domain/ownership';
import type { Group, Scope } from '../domain/release';
import type { ReplicaRef } from './replicas';

/** The target made it because the image has a `VOLUME` there. */
export interface AnonymousVolume {
  volume: string;
  path: string;
  /** `discard` named the path when the replica was made, or it is below `/tmp`. */
  accepted: boolean;
  /** It outlives its replica, because it holds data that must not be lost. */
  stays: boolean;
}

export interface ReplicaData {
  container: string;
  service: string;
  replica: number;
  releaseId: string;
  version: string;
  anonymous: AnonymousVolume[];
  /** Named volumes and folders of the host are never removed. */
  mounted: { source: string; target: string }[];
  readOnlyRoot: boolean;
}

export interface Volumes {
  heldBy(scope: Owned, group: Group, io: Io): Promise<ReplicaData[]>;
  /** Answers files, and folders without files, that the replica changed and that go with it. */
  changedFiles(of: ReplicaRef, io: Io): Promise<string[]>;
  /** Answers true where nobody can tell, false where the source does not exist. */
  holdsData(source: string, io: Io): Promise<boolean>;
  /** Answers whether the target has a folder or file of its own at this path. */
  isThere(scope: Owned, path: string, io: Io): Promise<boolean>;
  writersOf(volume: string, io: Io): Promise<(Scope & { container: string })[]>;
  /**
   * Every name in the tar stream begins with one folder that stands for the volume.
   * @throws BackupFailure when there is no such volume.
   */
  archive(scope: Owned, volume: string, io: Io): Promise<Readable>;
  removalCommand(volume: string): string;
  /** Bytes; undefined when the target cannot tell. */
  size(volume: string, io: Io): Promise<number | undefined>;
}
