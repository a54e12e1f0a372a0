import { isUtf8 } from 'node:buffer';
import { createReadStream } from 'node:fs';
import { buffer } from 'node:stream/consumers';
import { unreadableText } from './unreadable';

const LARGEST = 4 * 1024 * 1024;
const DEEPEST = 1_000;

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
  const text = bytes.toString('utf8');
  // A comment in another encoding does no harm.
  if (!isUtf8(bytes) && text.replace(/(^|\s)#.*$/gm, '').includes('\ufffd'))
    throw new UnreadableText('seen a file that is not in UTF-8; save it as UTF-8');
  if (openBrackets(text) > DEEPEST) throw new UnreadableText(`seen more than ${DEEPEST} levels of brackets`);
  return text;
}

// A parser that calls itself for each of them fails late, and with many errors.
function openBrackets(text: string): number {
  let [open, most] = [0, 0];
  for (const [bracket] of text.matchAll(/[[\]{}]/g)) {
    open = Math.max(0, open + (bracket === '[' || bracket === '{' ? 1 : -1));
    most = Math.max(most, open);
  }
  return most;
}
