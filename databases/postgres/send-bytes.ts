import type { Duplex } from 'node:stream';
import { Query, type Client } from 'pg';

const PART = 2 ** 20;

/** Runs a statement that is at hand as bytes in UTF-8, part by part: a large one would hold up all else as a string. */
export function sendBytes(client: Client, statement: Buffer): Promise<void> {
  return new Promise((resolve, reject) => {
    const query = new Query({ text: 'sent as bytes' }, (error) => (error ? reject(error) : resolve()));
    query.submit = ({ stream }) => void write(stream, statement);
    client.query(query);
  });
}

/** Writes a message of the kind `Query`: a length that counts itself, the text, and a zero byte. */
async function write(stream: Duplex, statement: Buffer): Promise<void> {
  const head = Buffer.alloc(5, 'Q');
  head.writeInt32BE(4 + statement.length + 1, 1);
  await written(stream, head);
  for (let at = 0; at < statement.length; at += PART) await written(stream, statement.subarray(at, at + PART));
  await written(stream, Buffer.alloc(1));
}

/** When the connection breaks, the client hears of it by itself. */
function written(stream: Duplex, part: Buffer): Promise<void> {
  return new Promise((resolve) => stream.write(part, () => resolve()));
}
