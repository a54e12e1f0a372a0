import type { Io } from '../../domain/host';
import type { Parts } from '../parts';
import type { Step } from '../steps';
import { archiveName, backupsAmong, imagesName } from './names';
import { removeScratch } from './scratch';

/** Also removes everything unfinished. Answers the names of the removed backups. */
export async function pruneBackups(parts: Pick<Parts, 'store' | 'temporaryDirectory'>, step: Step, io: Io) {
  const store = await parts.store(step);
  const old = backupsAmong((await store.list(io)).keys()).slice(step.config.backup.keep);
  for (const name of old) {
    io.onProgress(`removing ${name}`);
    // The archive goes last: while it exists, another try finds it and the rest.
    await store.remove(imagesName(name), io);
    await store.remove(archiveName(name), io);
  }
  await store.tidy(io);
  await removeScratch(parts, step.release);
  return old;
}
