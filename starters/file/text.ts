import { createReadStream } from 'node:fs';
import { buffer } from 'node:stream/consumers';
import { unreadableText } from './unreadable';

const LARGEST = 4 * 1024 * 1024;

/** Says what was seen in place of a text, to stand after `expected …, `. */
export class UnreadableText extends Error {}

/**
 * Reads a file that a person wrote. One of megabytes is not such a file, and would keep the reader busy for minutes.
 * @throws UnreadableText
 */
export async function readText(file: string): Promise<string> {
  const bytes = await buffer(createReadStream(file, { end: LARGEST })).catch((error: NodeJS.ErrnoException) => {
    throw new UnreadableText(unreadableText(error), { cause: error });
  });
  if (bytes.length > LARGEST) throw new UnreadableText('seen a file of more than 4 MiB');
  if (/^(\xff\xfe|\xfe\xff)/.test(bytes.toString('latin1', 0, 2)))
    throw new UnreadableText('seen a file in UTF-16; save it as UTF-8');
  if (bytes.includes(0)) throw new UnreadableText('seen a binary file');
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (error) {
    throw new UnreadableText('seen a file that is not in UTF-8; save it as UTF-8', { cause: error });
  }
}
