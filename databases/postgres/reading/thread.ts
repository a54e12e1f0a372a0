import { parentPort } from 'node:worker_threads';
import { textMistake } from '../../migrations/text';
import { Parser } from './parser';
import { Examination } from './statements';
import type { Asked, Told } from './reading';

parentPort?.on('message', (asked: Asked) => {
  void read(asked).then(
    (told) => parentPort?.postMessage(told, 'examined' in told ? [told.examined.places.buffer as ArrayBuffer] : []),
    // The parser's memory may be broken now, so that a new thread is needed.
    (error: unknown) => process.exit(String(error).length > 0 ? 1 : 0),
  );
});

async function read({ bytes, transaction, isParsed }: Asked): Promise<Told> {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  const unreadable = textMistake(buffer);
  if (unreadable) return { unreadable };
  const examination = new Examination(transaction);
  await Parser.run(buffer, examination, isParsed);
  return { examined: examination.end() };
}
