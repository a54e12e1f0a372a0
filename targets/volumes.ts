import type { Readable } from 'node:stream';
import type { Io } from '../domain/host';
import type { Owned } from '../domain/ownership';
import type { Group, Scope } from '../domain/release';
import type { ReplicaRef } from './replicas';

/** A volume that the target made for a replica, because its image has a `VOLUME` there. */
export interface AnonymousVolume {
  volume: string;
  /** Where the replica has it. */
  path: string;
  /** `discard` named the path when the replica was made, or it is below `/tmp`. */
  accepted: boolean;
  /** It outlives its replica: something is in it that may not be lost. */
  stays: boolean;
}

/** Where a replica has what it writes. */
export interface ReplicaData {
  /** Name of the replica, to be shown. */
  container: string;
  service: string;
  replica: number;
  releaseId: string;
  version: string;
  anonymous: AnonymousVolume[];
  /** Volumes with a name, and folders of the host: never removed. */
  mounted: { source: string; target: string }[];
  /** Whether it can write nothing else. */
  readOnlyRoot: boolean;
}

/** What is written where versions run, and what of it outlives them. */
export interface Volumes {
  /** What the replicas of a group hold. */
  heldBy(scope: Owned, group: Group, io: Io): Promise<ReplicaData[]>;
  /** Files, and folders without any, that a replica made or changed in itself, and which go with it. */
  changedFiles(of: ReplicaRef, io: Io): Promise<string[]>;
  /** Whether something is in a volume, or a folder of the host; true where nobody can tell, false where there is none. */
  holdsData(source: string, io: Io): Promise<boolean>;
  /** Replicas of Spillway's that write to a volume with a name. */
  writersOf(volume: string, io: Io): Promise<(Scope & { container: string })[]>;
  /**
   * A named volume's files as a tar stream in which every name begins with one folder that stands for the volume.
   *
   * @throws BackupFailure when there is no such volume.
   */
  archive(scope: Owned, volume: string, io: Io): Promise<Readable>;
  /** By what people remove a volume. */
  removalCommand(volume: string): string;
  /** Bytes a named volume holds; undefined when the target cannot tell. */
  size(volume: string, io: Io): Promise<number | undefined>;
}
