import { isUtf8 } from 'node:buffer';

/** Why bytes are no text; `line` counts from 1. */
export interface TextMistake {
  line: number;
  why: string;
}

const BYTE_ORDER_MARK = Buffer.from('\uFEFF');

/** The mark is not SQL. */
export function withoutMark(bytes: Buffer): Buffer {
  return bytes.subarray(0, BYTE_ORDER_MARK.length).equals(BYTE_ORDER_MARK)
    ? bytes.subarray(BYTE_ORDER_MARK.length)
    : bytes;
}

/** Other encodings than UTF-8 are mistakes, and zero bytes too, since parser and server stop at them. */
export function textMistake(bytes: Buffer): TextMistake | undefined {
  const wrong = wrongBytes(bytes);
  return wrong && { line: lineAt(bytes.subarray(0, wrong.at).toString('latin1')), why: wrong.why };
}

function wrongBytes(bytes: Buffer): { at: number; why: string } | undefined {
  if (isUtf16(bytes)) return { at: 0, why: 'expected UTF-8, seen UTF-16; save the file as UTF-8' };
  if (!isUtf8(bytes)) {
    const again = Buffer.from(bytes.toString());
    const at = bytes.findIndex((byte, index) => byte !== again[index]);
    const seen = bytes[at]?.toString(16).padStart(2, '0');
    return { at, why: `expected UTF-8, seen the byte 0x${seen} (Latin-1?); save the file as UTF-8` };
  }
  const zero = bytes.indexOf(0);
  return zero === -1 ? undefined : { at: zero, why: 'expected text, seen a byte that is zero; remove it' };
}

/** UTF-16 has a byte order mark, or zeros between the ASCII letters with which SQL begins. */
function isUtf16(bytes: Buffer): boolean {
  const [first, second, third, fourth] = bytes;
  if ((first === 0xff && second === 0xfe) || (first === 0xfe && second === 0xff)) return true;
  return (first === 0 && third === 0 && second !== 0) || (second === 0 && fourth === 0 && first !== 0);
}

/** Counts lines from 1. */
export function lineAt(before: string): number {
  return (before.match(/\r\n|\n|\r/g)?.length ?? 0) + 1;
}

/** How many characters a text has as servers count them, of which some take two places in a text of ours. */
export function charactersOf(text: string): number {
  return text.length - pairsIn(text);
}

function pairsIn(text: string): number {
  return text.match(/[\ud800-\udbff]/g)?.length ?? 0;
}

/** The line at a number of characters as servers count them. */
export function lineAtCharacter(text: string, characters: number): number {
  const pairs = pairsIn(text.slice(0, characters));
  return lineAt(text.slice(0, characters + pairs));
}
