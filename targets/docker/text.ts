import type { Readable } from 'node:stream';
import { bytesOf } from '../../waiting/bytes';

/** Reads to the end, and keeps the chunks that lie wholly within the first `limit` bytes. */
export async function textOf(stream: Readable, limit: number): Promise<string> {
  return (await bytesOf(stream, limit)).toString('utf8');
}
