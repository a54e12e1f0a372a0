import { lstat, readFile, readdir } from 'node:fs/promises';
import { join, posix, relative } from 'node:path';
import { Readable } from 'node:stream';
import dockerignore from '@balena/dockerignore';
import { pack } from 'tar-fs';
import { ImageFailure } from '../../domain/failures';
import { formatSize } from '../../domain/units';

interface Found {
  path: string;
  size: number;
}

/** @throws ImageFailure when the folder or Dockerfile is missing, or more than `maxContext` bytes would be sent. */
export async function packContext(directory: string, dockerfile: string, maxContext?: number): Promise<Readable> {
  const found = await listContext(directory, dockerfile);
  checkBudget(found, directory, maxContext);
  const included = new Set(found.map(({ path }) => path));
  const archive = pack(directory, {
    ignore: (name) => relative(directory, name) !== '' && !included.has(relative(directory, name)),
    map: (header) => ({ ...header, uid: 0, gid: 0 }),
  });
  return Readable.from(archive as AsyncIterable<Buffer>, { objectMode: false });
}

async function listContext(directory: string, dockerfile: string): Promise<Found[]> {
  const kept = await keptBy(directory, dockerfile);
  if (!(await isFile(join(directory, dockerfile)))) {
    throw new ImageFailure(`expected a Dockerfile at ${join(directory, dockerfile)}, seen none: correct \`build\``);
  }
  const found = new Map<string, number>();
  const visit = async (folder: string): Promise<void> => {
    for (const entry of await readdir(join(directory, folder), { withFileTypes: true })) {
      const path = posix.join(folder, entry.name);
      if (kept.path(path)) await keep(found, directory, path);
      // An ignored folder is entered only where an exception (`!path`) may bring something back.
      if (entry.isDirectory() && (kept.path(path) || kept.hasExceptions)) await visit(path);
    }
  };
  await visit('');
  for (const path of kept.always) {
    if (!found.has(path) && (await isFile(join(directory, path)))) await keep(found, directory, path);
  }
  return [...found].map(([path, size]) => ({ path, size }));
}

async function keep(found: Map<string, number>, directory: string, path: string): Promise<void> {
  const { size, isDirectory } = await lstat(join(directory, path)).then((stats) => ({
    size: stats.size,
    isDirectory: stats.isDirectory(),
  }));
  for (let parent = posix.dirname(path); parent !== '.'; parent = posix.dirname(parent)) {
    if (!found.has(parent)) found.set(parent, 0);
  }
  found.set(path, isDirectory ? 0 : size);
}

interface Kept {
  path: (path: string) => boolean;
  /** The engine needs these even where they are ignored. */
  always: string[];
  hasExceptions: boolean;
}

async function keptBy(directory: string, dockerfile: string): Promise<Kept> {
  const rules = await readFile(join(directory, '.dockerignore'), 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return '';
    throw error;
  });
  const ignore = dockerignore({ ignorecase: false }).add(rules);
  return {
    path: (path) => !ignore.ignores(path),
    always: [posix.normalize(dockerfile), '.dockerignore'],
    hasExceptions: /^\s*!/m.test(rules),
  };
}

function checkBudget(found: Found[], directory: string, maxContext: number | undefined): void {
  const total = found.reduce((sum, { size }) => sum + size, 0);
  if (maxContext === undefined || total <= maxContext) return;
  const largest = [...found].sort((a, b) => b.size - a.size).slice(0, 3);
  throw new ImageFailure(
    `expected a build context of at most ${formatSize(maxContext)} in ${directory}, seen ${formatSize(total)}; largest: ` +
      `${largest.map(({ path, size }) => `${path} (${formatSize(size)})`).join(', ')}: name them in .dockerignore`,
  );
}

async function isFile(path: string): Promise<boolean> {
  return lstat(path).then(
    (stats) => !stats.isDirectory(),
    () => false,
  );
}
