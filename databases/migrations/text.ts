import { isUtf8 } from 'node:buffer';

export interface MigrationText {
  /** Lacks only the byte order mark, which is not SQL. */
  text: string;
  /** Absent when all bytes are readable text; `line` counts from 1. */
  mistake?: { line: number; why: string };
}

const BYTE_ORDER_MARK = '\uFEFF';

/** Other encodings than UTF-8 are mistakes, and zero bytes too, since parser and server stop at them. */
export function decodeMigration(bytes: Buffer): MigrationText {
  const decoded = bytes.toString('utf8');
  const text = decoded.startsWith(BYTE_ORDER_MARK) ? decoded.slice(1) : decoded;
  const wrong = wrongBytes(bytes, decoded);
  if (!wrong) return { text };
  return { text, mistake: { line: lineAt(bytes.subarray(0, wrong.at).toString('latin1')), why: wrong.why } };
}

function wrongBytes(bytes: Buffer, decoded: string): { at: number; why: string } | undefined {
  if (isUtf16(bytes)) return { at: 0, why: 'expected UTF-8, seen UTF-16; save the file as UTF-8' };
  if (!isUtf8(bytes)) {
    const again = Buffer.from(decoded);
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
  return before.split(/\r\n|\n|\r/).length;
}
