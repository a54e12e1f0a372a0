import { rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { Readable } from 'node:stream';
import { stringify } from 'yaml';
import { nameBackup } from '../../domain/backup';
import { databasesOf, titleOfDatabase } from '../../domain/databases';
import { BackupFailure, UnreachableFailure } from '../../domain/failures';
import type { Io } from '../../domain/host';
import type { Live } from '../../domain/release';
import { formatCount, formatSize } from '../../domain/units';
import type { Store } from '../../stores/store';
import type { ReplicaRef } from '../../targets/replicas';
import { withDatabase } from '../database';
import { withStep, type StepParts } from '../io';
import type { Parts } from '../parts';
import type { Activities, BackupReport } from '../steps';
import { readArchive, writeArchive, type ArchiveWriter, type Manifest } from './archive';
import { archiveName, dumpName, imagesName } from './names';
import { expectRoom, expectScratchRoom, removeScratch, withScratch } from './scratch';

const LOG_LINES = 500;

type Input = Parameters<Activities['backUp']>[0];

interface Place {
  name: string;
  /** Replaces whatever an earlier attempt left under that name. */
  isDamaged?: true;
}

interface Making {
  parts: Parts;
  input: Input;
  step: StepParts;
  store: Store;
  scratch: string;
}

export const backupActivities = (parts: Parts): Pick<Activities, 'backUp'> => ({
  backUp: (input) =>
    withStep(parts, input, async (step) => {
      const { config, live, release } = input;
      const { io } = step;
      if (databasesOf(config).length === 0 && config.backup.volumes.length === 0 && !live)
        return { size: 0, contents: [] };
      const store = await parts.store(input);
      const place = await placeFor(release.id, store, io);
      if (place.finished) {
        await removeScratch(parts, release);
        return report({ name: place.name, store, input }, place.finished, io);
      }
      await store.tidy(io);
      try {
        return await withScratch(parts, release, (scratch) => make(place, { parts, input, step, store, scratch }));
      } finally {
        await store.tidy(io);
      }
    }),
});

/** Another release may have taken the name in the same second; a damaged backup is overwritten. */
async function placeFor(releaseId: string, store: Store, io: Io): Promise<Place & { finished?: Manifest }> {
  for (let later = 0; ; later++) {
    const name = nameBackup(releaseId, later);
    const content = await store.open(archiveName(name), io);
    if (!content) return { name };
    const manifest = await readArchive({ name: archiveName(name), content }, io).catch((error: unknown) => {
      if (!(error instanceof BackupFailure)) throw error;
      io.onProgress(`making the backup anew: ${error.message}`);
      return undefined;
    });
    if (!manifest) return { name, isDamaged: true };
    if (manifest.release === releaseId) return { name, finished: manifest };
  }
}

async function make({ name, isDamaged }: Place, making: Making): Promise<BackupReport> {
  const { parts, input, step, store } = making;
  const { config, live, release } = input;
  const { io } = step;
  await expectRooms(making);
  // This comes before the archive, so that whoever finds the archive finds this too.
  await store.put({ name: imagesName(name), content: Readable.from([imagesText(live)]) }, io);
  const dumped = await dumpDatabase(making);
  const fill = async (writer: ArchiveWriter): Promise<string[]> => {
    const contents: string[] = [];
    for (const file of dumped.files) {
      await writer.file(basename(file), file);
      await rm(file);
    }
    contents.push(...dumped.contents);
    for (const volume of config.backup.volumes) contents.push(await saveVolume(step, volume, writer));
    await writer.text('configuration.yaml', parts.redact(stringify(config)));
    contents.push('configuration');
    if (live) contents.push(...(await saveLive(parts, step, live, writer)));
    return contents;
  };
  const proved = async (): Promise<void> => {
    if (!isDamaged) await expectFirst(name, store, io);
  };
  const manifest = await writeArchive({ name: archiveName(name), release: release.id, fill, proved }, store, io);
  return report({ name, store, input }, manifest, io);
}

/**
 * A worker that was frozen may dump what its release has migrated meanwhile: that must not take the place of the backup
 * which another attempt has finished.
 */
async function expectFirst(name: string, store: Store, io: Io): Promise<void> {
  if (!(await store.list(io)).has(archiveName(name))) return;
  throw new UnreachableFailure(`expected no other attempt to finish ${name} in ${store.place}, seen one: try again`);
}

async function dumpDatabase({
  parts,
  input,
  step: { io },
  scratch,
}: Making): Promise<{ files: string[]; contents: string[] }> {
  if (databasesOf(input.config).length === 0) return { files: [], contents: [] };
  return withDatabase(parts, input, io, async (database, { name, settings: { driver } }) => {
    const title = titleOfDatabase(name);
    if (!database.dump) return { files: [], contents: [`no dump of the ${title}, since ${driver} has none`] };
    const { files, size, holds } = await database.dump(join(scratch, dumpName(name)), io);
    return { files, contents: [`${title} (${formatSize(size)}, ${holds})`] };
  });
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
    return `volume ${volume} (${formatCount(files, 'file')})`;
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
  return [formatCount(live.images.length, 'image'), `logs of ${formatCount(replicas.length, 'container')}`];
}

/** An engine whose log driver cannot be read must not stop a release. */
async function readLog(of: ReplicaRef, { target, io }: Pick<StepParts, 'target' | 'io'>): Promise<string> {
  try {
    return `${(await target.replicas.logs(of, LOG_LINES, io)).join('\n')}\n`;
  } catch (error) {
    io.signal.throwIfAborted();
    return `The log could not be read: ${(error as Error).message}\n`;
  }
}

/** @throws BackupFailure when there may be no room for the dump here, or for the archive in the store. */
async function expectRooms({ parts, input, step: { target, io }, store, scratch }: Making): Promise<void> {
  const { config } = input;
  const dump = databasesOf(config).length > 0 ? await withDatabase(parts, input, io, (opened) => opened.size(io)) : 0;
  const volumes = await Promise.all(config.backup.volumes.map((volume) => target.volumes.size(volume, io)));
  const needed = dump + volumes.reduce<number>((sum, bytes) => sum + (bytes ?? 0), 0);
  if (store.free) expectRoom(store.place, await store.free(io), needed);
  await expectScratchRoom(scratch, dump);
}

async function report(
  { name, store, input }: Pick<Making, 'store' | 'input'> & { name: string },
  { contents, checksums }: Manifest,
  io: Io,
): Promise<BackupReport> {
  const size = (await store.list(io)).get(archiveName(name)) ?? 0;
  const hasDump = databasesOf(input.config).some((database) => dumpName(database.name) in checksums);
  return { name, store: store.place, ...(hasDump && { dump: name }), size, contents };
}
