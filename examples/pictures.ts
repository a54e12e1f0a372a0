import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';

/** Lists the pictures of judgements that releases left below a folder. */
export async function picturesIn(directory: string): Promise<string[]> {
  const files = await readdir(directory, { recursive: true }).catch(() => []);
  return files
    .filter((file) => /(^|\/)reports\/.*\.svg$/.test(file))
    .sort()
    .map((file) => join(directory, file));
}

/** Removes a folder but for its pictures, which stay where releases said that they are. */
export async function removeAllButPictures(directory: string): Promise<void> {
  const pictures = await picturesIn(directory);
  const kept = await Promise.all(pictures.map(async (file) => ({ file, text: await readFile(file) })));
  await rm(directory, { recursive: true, force: true });
  for (const { file, text } of kept) {
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, text);
  }
}

/** The program that opens a picture on a desktop; undefined where nobody would see it, as in CI or over a bare SSH. */
export function openerOn(platform: NodeJS.Platform, env: NodeJS.ProcessEnv, isTerminal: boolean): string | undefined {
  if (!isTerminal || env.CI) return undefined;
  if (platform === 'darwin') return 'open';
  return env.DISPLAY || env.WAYLAND_DISPLAY ? 'xdg-open' : undefined;
}
