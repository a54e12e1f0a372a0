import { randomUUID } from 'node:crypto';
import { access, open, readFile, realpath, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join, relative, resolve } from 'node:path';
import { ConfigurationFailure } from '../../domain/failures';
import { isMapping } from '../../domain/config/merge';
import { type Bump, nextVersion, preidMistake, versionMistake } from '../../domain/versions';

interface VersionFile {
  file: string;
  version: string;
}

export interface VersionChange {
  file: string;
  /** Absent when the file was made. */
  from?: string;
  to: string;
}

/**
 * @param file absent: `VERSION`, else `package.json`; a name that ends with `.json` has it under `version`
 * @throws ConfigurationFailure when there is no such file, or what it says is no version
 */
export async function readVersion(projectDirectory: string, file?: string): Promise<VersionFile> {
  const found = await findVersion(projectDirectory, file);
  if (found) return found;
  throw new ConfigurationFailure(
    `expected a file VERSION or package.json in ${resolve(projectDirectory)}, seen neither; ` +
      'make one with `spillway version set 0.1.0`, or name it with --file',
  );
}

/** Answers undefined when there is no file. @throws ConfigurationFailure when what it says is no version */
export async function findVersion(projectDirectory: string, file?: string): Promise<VersionFile | undefined> {
  const found = await versionFile(projectDirectory, file);
  if (found === undefined) return undefined;
  const version = versionIn(found, await textOf(found));
  const mistake = versionMistake(version);
  if (mistake !== undefined) throw new ConfigurationFailure(`${found}: ${mistake}`);
  return { file: found, version };
}

/** @throws ConfigurationFailure as `readVersion`, and when `preid` is no suffix */
export async function bumpVersion(
  projectDirectory: string,
  { bump, preid, file }: { bump: Bump; preid?: string; file?: string },
): Promise<VersionChange> {
  const mistake = preid === undefined ? undefined : preidMistake(preid);
  if (mistake !== undefined) throw new ConfigurationFailure(`--preid: ${mistake}`);
  const current = await readVersion(projectDirectory, file);
  const to = nextVersion(current.version, bump, preid);
  await writeVersion(current.file, to);
  return { file: current.file, from: current.version, to };
}

/** Makes the file when there is none. @throws ConfigurationFailure when `version` is no version */
export async function setVersion(projectDirectory: string, version: string, file?: string): Promise<VersionChange> {
  const mistake = versionMistake(version);
  if (mistake !== undefined) throw new ConfigurationFailure(mistake);
  const found = (await versionFile(projectDirectory, file, false)) ?? join(projectDirectory, 'VERSION');
  const text = (await exists(found)) ? await textOf(found) : undefined;
  const from = text === undefined ? undefined : versionIn(found, text);
  if (from !== version) await writeVersion(found, version);
  return { file: found, to: version, ...(from !== undefined && { from }) };
}

export async function writeVersion(file: string, version: string): Promise<void> {
  if (!file.endsWith('.json')) return replace(file, `${version}\n`);
  const lock = join(dirname(file), 'package-lock.json');
  if (basename(file) === 'package.json' && (await exists(lock))) {
    await replace(lock, withVersion(lock, await textOf(lock), version, true));
  }
  await replace(file, (await exists(file)) ? withVersion(file, await textOf(file), version) : json({ version }));
}

export async function filesOf(file: string): Promise<string[]> {
  const lock = join(dirname(file), 'package-lock.json');
  return basename(file) === 'package.json' && (await exists(lock)) ? [file, lock] : [file];
}

async function versionFile(directory: string, named?: string, mustExist = true): Promise<string | undefined> {
  if (named !== undefined) {
    const file = resolve(directory, named);
    if (!mustExist || (await exists(file))) return file;
    throw new ConfigurationFailure(`expected the version in ${file}, seen no such file; correct --file`);
  }
  for (const name of ['VERSION', 'package.json']) {
    const file = resolve(directory, name);
    if (await exists(file)) return file;
  }
  return undefined;
}

function versionIn(file: string, text: string): string {
  if (!file.endsWith('.json')) return text.replace(/\r?\n$/, '');
  const { version } = parsed(file, text);
  if (typeof version === 'string') return version;
  throw new ConfigurationFailure(
    `expected "version": "x.y.z" in ${file}, seen ${version === undefined ? 'none' : JSON.stringify(version)}; ` +
      'add it, or keep the version in a file VERSION beside it',
  );
}

/** Keeps the order of the keys and the indentation. */
function withVersion(file: string, text: string, version: string, isLock = false): string {
  const content = parsed(file, text);
  const root = isMapping(content.packages) ? content.packages[''] : undefined;
  if (isLock && isMapping(root)) root.version = version;
  return json({ ...content, version }, /^[ \t]+/m.exec(text)?.[0]);
}

function json(content: object, indentation = '  '): string {
  return `${JSON.stringify(content, null, indentation)}\n`;
}

function parsed(file: string, text: string): Record<string, unknown> {
  try {
    const content: unknown = JSON.parse(text);
    if (isMapping(content)) return content;
  } catch (error) {
    throw new ConfigurationFailure(`expected JSON in ${file}, seen: ${(error as Error).message}`, { cause: error });
  }
  throw new ConfigurationFailure(`expected a JSON object in ${file}, seen something else`);
}

/** Renames, so that a reader or a crash leaves the old or the new file, never a part. */
async function replace(file: string, text: string): Promise<void> {
  const real = await realpath(file).catch(() => file);
  const mode = await stat(real).then(
    (facts) => facts.mode,
    () => 0o644,
  );
  const draft = join(dirname(real), `.${basename(real)}.${randomUUID()}`);
  try {
    const handle = await open(draft, 'wx', mode);
    await handle
      .writeFile(text)
      .then(() => handle.sync())
      .finally(() => handle.close());
    await rename(draft, real);
  } catch (error) {
    await rm(draft, { force: true });
    const where = relative(process.cwd(), file) || file;
    throw new ConfigurationFailure(`expected to write ${where}, seen: ${(error as Error).message}`, { cause: error });
  }
}

async function textOf(file: string): Promise<string> {
  return readFile(file, 'utf8').catch((error: Error) => {
    throw new ConfigurationFailure(`expected to read ${file}, seen: ${error.message}`, { cause: error });
  });
}

async function exists(file: string): Promise<boolean> {
  return access(file).then(
    () => true,
    () => false,
  );
}
