import { readFile } from 'node:fs/promises';
import { text } from 'node:stream/consumers';
import type { Mistake } from '../../domain/config/rule';
import { ConfigurationFailure } from '../../domain/failures';
import { pathText } from './errors';
import { unreadableText } from './unreadable';

/** The first of thousands of wrong values tell enough. */
const MOST = 50;

/**
 * Reads a JSON document from a file, or from standard input for `-`.
 * @param what names it in the error, such as `saved measurements`
 * @throws ConfigurationFailure when there is no such file, or it holds no JSON
 */
export async function readJson(file: string, what: string): Promise<unknown> {
  const content = await read(file, what);
  try {
    return JSON.parse(content);
  } catch (cause) {
    const why = content.trim() === '' ? 'nothing' : cause instanceof Error ? cause.message : String(cause);
    throw new ConfigurationFailure(`expected JSON in ${nameOf(file)}, seen: ${why}`, { cause });
  }
}

/** Tells all mistakes of a document, each with its path. */
export function wrongJson(file: string, mistakes: Mistake[]): ConfigurationFailure {
  const lines = mistakes.slice(0, MOST).map(({ path, message }) => {
    const place = path.length === 0 ? nameOf(file) : `${nameOf(file)} ${pathText(path)}`;
    return `${place}: ${message}`;
  });
  const more = mistakes.length - lines.length;
  return new ConfigurationFailure([...lines, ...(more > 0 ? [`… and ${more} more mistakes`] : [])].join('\n'));
}

async function read(file: string, what: string): Promise<string> {
  if (file === '-') return text(process.stdin);
  try {
    return await readFile(file, 'utf8');
  } catch (cause) {
    const seen = unreadableText(cause as NodeJS.ErrnoException);
    throw new ConfigurationFailure(`expected ${what} at ${file}, ${seen}; name a file, or - for standard input`, {
      cause,
    });
  }
}

function nameOf(file: string): string {
  return file === '-' ? 'standard input' : file;
}
