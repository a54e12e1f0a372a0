import { rename, rm, stat, writeFile } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { stringify } from 'yaml';
import { catalogueFile } from '../../databases/database';
import { BackupFailure } from '../../domain/failures';
import type { Io } from '../../domain/host';
import type { Live } from '../../domain/release';
import { formatSize } from '../../domain/units';
import type { ReplicaRef } from '../../targets/replicas';
import { readArchive, writeArchive, type ArchiveWriter } from './archive';
import {
  backupDirectory,
  backupPaths,
  expectRoom,
  makeBackupDirectory,
  removeUnfinished,
  type BackupPaths,
} from './files';
import { withDatabase } from '../database';
import { withStep, type StepParts } from '../io';
import type { Parts } from '../parts';
import type { Activities, BackupReport, Step } from '../steps';

/** Name of the database's dump in the archive. */
export const DUMP = 'database.dump';
/** Lines kept of what each live container wrote. */
const LOG_LINES = 500;

type Input = Parameters<Activities['backUp']>[0];

/** Saves what a person would need to go back: database, volumes, configuration, images, logs. */
export const backupActivities = (parts: Parts): Pick<Activities, 'backUp'> => ({
  backUp: (input) =>
    withStep(parts, input, async (step) => {
      const { config, live } = input;
      if (!config.database && config.backup.volumes.length === 0 && !live) return { size: 0, contents: [] };
      const directory = backupDirectory(input);
      await makeBackupDirectory(directory);
      const place = await placeFor(input, step.io);
      if (place.finished) return place.finished;
      await removeUnfinished(directory, 'backup_');
      await expectRoom(directory, await neededRoom(parts, input, step));
      try {
        return await make(parts, input, step, place.paths);
      } finally {
        await removeUnfinished(directory, 'backup_');
      }
    }),
});

/**
 * Where this release's backup belongs, and what an earlier try has finished there, read back once more. A damaged one
 * is made anew; the place of another release, that began in the same second, is left to it.
 */
async function placeFor(step: Step, io: Io): Promise<{ paths: BackupPaths; finished?: BackupReport }> {
  for (let later = 0; ; later++) {
    const paths = backupPaths(step, later);
    if (!existsSync(paths.archive)) return { paths };
    const manifest = await readArchive(paths.archive, io).catch((error: unknown) => {
      if (!(error instanceof BackupFailure)) throw error;
      io.onProgress(`making the backup anew: ${error.message}`);
      return undefined;
    });
    if (!manifest) return { paths };
    if (manifest.release === step.release.id)
      return { paths, finished: await report(paths, manifest.contents, DUMP in manifest.checksums) };
  }
}

async function make(parts: Parts, input: Input, step: StepParts, paths: BackupPaths): Promise<BackupReport> {
  const { config, live, release } = input;
  const { io } = step;
  await writeImages(paths, live);
  const dump = `${paths.unfinished}.dump`;
  const dumped = config.database && (await withDatabase(parts, input, io, (database) => database.dump(dump, io)));
  const manifest = await writeArchive(
    paths.archive,
    `${paths.unfinished}.tar.gz`,
    release.id,
    async (writer) => {
      const contents: string[] = [];
      if (dumped) {
        for (const [name, path] of [
          [DUMP, dump],
          [catalogueFile(DUMP), catalogueFile(dump)],
        ] as const) {
          await writer.file(name, path);
          await rm(path);
        }
        contents.push(`database (${formatSize(dumped.size)}, ${counted(dumped.entries, 'object')})`);
      }
      for (const volume of config.backup.volumes) contents.push(await saveVolume(step, volume, writer));
      await writer.text('configuration.yaml', parts.redact(stringify(config)));
      contents.push('configuration');
      if (live) contents.push(...(await saveLive(parts, step, live, writer)));
      return contents;
    },
    io,
  );
  return report(paths, manifest.contents, dumped !== undefined);
}

/** Written before the archive, so that whoever finds the archive finds this too. */
async function writeImages(paths: BackupPaths, live: Live | null): Promise<void> {
  await writeFile(`${paths.unfinished}.images`, imagesText(live), { mode: 0o600 });
  await rename(`${paths.unfinished}.images`, paths.images);
}

function imagesText(live: Live | null): string {
  if (!live) return '# nothing was live\n';
  const lines = live.images.map(({ service, reference, digest, size }) => `${service} ${reference} ${digest} ${size}`);
  return [
    `# ${live.version} in ${live.slot}, release ${live.releaseId}: service, image, digest, bytes`,
    ...lines,
    '',
  ].join('\n');
}

async function saveVolume({ target, io, release }: StepParts, volume: string, writer: ArchiveWriter): Promise<string> {
  const stream = await target.volumes.archive(release, volume, io);
  try {
    const files = await writer.archive(`volumes/${volume}`, stream);
    return `volume ${volume} (${counted(files, 'file')})`;
  } finally {
    stream.destroy();
  }
}

async function saveLive(
  parts: Parts,
  { target, io, release }: StepParts,
  live: Live,
  writer: ArchiveWriter,
): Promise<string[]> {
  await writer.text('images.txt', imagesText(live));
  const replicas = await target.replicas.list(release, live.slot, io);
  for (const replica of replicas) {
    const log = await readLog({ scope: release, ...replica }, { target, io });
    await writer.text(`logs/${replica.container}.txt`, parts.redact(log));
  }
  return [counted(live.images.length, 'image'), `logs of ${counted(replicas.length, 'container')}`];
}

/** Logs are a courtesy: an engine whose log driver cannot be read must not keep anybody from releasing. */
async function readLog(of: ReplicaRef, { target, io }: Pick<StepParts, 'target' | 'io'>): Promise<string> {
  try {
    return `${(await target.replicas.logs(of, LOG_LINES, io)).join('\n')}\n`;
  } catch (error) {
    io.signal.throwIfAborted();
    return `The log could not be read: ${(error as Error).message}\n`;
  }
}

/** Bytes a backup may take at its largest: the dump stands beside the archive until it is in there. */
async function neededRoom(parts: Parts, input: Input, { target, io }: StepParts): Promise<number> {
  const { database, backup } = input.config;
  const size = database ? await withDatabase(parts, input, io, (opened) => opened.size(io)) : 0;
  const volumes = await Promise.all(backup.volumes.map((volume) => target.volumes.size(volume, io)));
  return size + volumes.reduce<number>((sum, bytes) => sum + (bytes ?? 0), 0);
}

async function report(paths: BackupPaths, contents: string[], hasDump: boolean): Promise<BackupReport> {
  const { size } = await stat(paths.archive);
  return { file: paths.archive, ...(hasDump && { dump: paths.archive }), size, contents };
}

function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}
