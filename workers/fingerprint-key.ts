import { randomBytes } from 'node:crypto';
import { link, mkdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ConfigurationFailure } from '../domain/failures';

const LENGTH = 32;
const OTHERS = 0o077;

/**
 * Workers of one task queue should share the file: to one with another key all secrets look changed, so that a release
 * asks for `--again`.
 *
 * @throws ConfigurationFailure when the key cannot be read, made or kept secret
 */
export async function fingerprintKey(stateDirectory: string): Promise<Buffer> {
  const path = join(stateDirectory, 'fingerprint.key');
  try {
    return await read(path);
  } catch (error) {
    if (error instanceof ConfigurationFailure) throw error;
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw unusable(path, error);
  }
  return make(stateDirectory, path).catch((error: unknown) => {
    throw error instanceof ConfigurationFailure ? error : unusable(path, error);
  });
}

async function read(path: string): Promise<Buffer> {
  const key = await readFile(path);
  const { mode } = await stat(path);
  if (mode & OTHERS) {
    throw new ConfigurationFailure(
      `expected only its owner to be able to read ${path}, seen more; \`chmod 600 ${path}\``,
    );
  }
  if (key.length === LENGTH) return key;
  throw new ConfigurationFailure(
    `expected ${LENGTH} bytes in ${path}, seen ${key.length}; remove it, and a new one is made (releases then ask for --again)`,
  );
}

/** When two workers start at once, one makes the key and both read it: `link` refuses to replace a file. */
async function make(directory: string, path: string): Promise<Buffer> {
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const temporary = `${path}.${process.pid}.${randomBytes(4).toString('hex')}`;
  await writeFile(temporary, randomBytes(LENGTH), { mode: 0o600, flush: true });
  try {
    await link(temporary, path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  } finally {
    await rm(temporary, { force: true });
  }
  return read(path);
}

function unusable(path: string, error: unknown): ConfigurationFailure {
  const seen = error instanceof Error ? error.message : String(error);
  return new ConfigurationFailure(
    `expected to keep the key of the secrets’ fingerprints in ${path}, seen: ${seen}; set SPILLWAY_WORKER_STATE to a folder of the worker’s own`,
  );
}
