import { isUtf8 } from 'node:buffer';

/** What a file's bytes say. */
export interface MigrationText {
  /** As it is to reach the server: only a byte order mark at its beginning, which is no SQL, is left out. */
  text: string;
  /** Why the text is not what somebody wrote, and the line where that begins; absent when it is. */
  mistake?: { line: number; why: string };
}

const BYTE_ORDER_MARK = '\uFEFF';

/**
 * Reads a migration's bytes as UTF-8. Bytes of another encoding would be replaced, and what follows a zero byte would be
 * taken for absent, by our parser as by the server: both are mistakes.
 */
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

/** By its byte order mark, or by the zeros of its first line, which begins in ASCII as SQL does. */
function isUtf16(bytes: Buffer): boolean {
  const [first, second, third, fourth] = bytes;
  if ((first === 0xff && second === 0xfe) || (first === 0xfe && second === 0xff)) return true;
  return (first === 0 && third === 0 && second !== 0) || (second === 0 && fourth === 0 && first !== 0);
}

/** Line, from 1, of whatever comes after `before`. */
export function lineAt(before: string): number {
  return before.split(/\r\n|\n|\r/).length;
}
