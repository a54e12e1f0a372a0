import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { promisify } from 'node:util';
import { readArchive, writeArchive, type ArchiveWriter } from '../../activities/backup/archive';
import { UnreachableFailure } from '../../domain/failures';
import { openFolder } from '../../stores/folder/folder';

const run = promisify(execFile);
const NAME = 'backup_a.tar.gz';
const io = { signal: new AbortController().signal, onProgress: () => undefined };

let directory: string;
beforeEach(async () => void (directory = await mkdtemp(join(tmpdir(), 'spillway-archive-'))));
afterEach(() => rm(directory, { recursive: true }));

type Fill = (writer: ArchiveWriter) => Promise<string[]>;
const write = (fill: Fill, signal = io.signal) =>
  writeArchive({ name: NAME, release: 'r', fill }, openFolder(directory), { ...io, signal });

test('an archive with many files is read back whole', async () => {
  const names = Array.from(
    { length: 300 },
    (_, index) => `logs/a-name-that-is-longer-than-a-hundred-characters-${'x'.repeat(60)}-${index}.txt`,
  );
  await write(async (writer) => {
    for (const name of names) await writer.text(name, `content of ${name}\n`.repeat(1_000));
    await writer.text('empty', '');
    return ['logs'];
  });
  const content = createReadStream(join(directory, NAME));
  expect(Object.keys((await readArchive({ name: NAME, content }, io)).checksums)).toHaveLength(301);
});

test('an archive that is aborted while it is written leaves nothing', async () => {
  const controller = new AbortController();
  const writing = write(async (writer) => {
    await writer.text('first', 'x'.repeat(1_000_000));
    controller.abort(new Error('stop now'));
    await writer.text('second', 'x'.repeat(10_000_000));
    return [];
  }, controller.signal);
  await expect(writing).rejects.toThrow('stop now');
  expect(await readdir(directory)).toEqual([]);
});

test.each([
  ['at once', 0],
  ['after much was written', 5_000_000],
])('an archive whose contents cannot be had fails with their failure, %s, and leaves nothing', async (_when, bytes) => {
  const writing = write(async (writer) => {
    if (bytes > 0) await writer.text('noise', randomBytes(bytes).toString('hex'));
    throw new UnreachableFailure('expected the engine to answer');
  });
  await expect(writing).rejects.toMatchObject({ name: 'UnreachableFailure', message: 'expected the engine to answer' });
  expect(await readdir(directory)).toEqual([]);
});

test('an archive that fills the disk fails with that, and leaves nothing', async () => {
  await run('mount', ['-t', 'tmpfs', '-o', 'size=256k', 'tmpfs', directory]);
  try {
    const noise = randomBytes(1_000_000).toString('hex');
    const writing = write(async (writer) => {
      await writer.text('noise', noise);
      return [];
    });
    await expect(writing).rejects.toMatchObject({ name: 'BackupFailure', message: expect.stringMatching(/full disk/) });
    expect(await readdir(directory)).toEqual([]);
  } finally {
    await run('umount', [directory]);
  }
});

test.each([
  ['at once', 0],
  ['in the middle', 100_000],
])('a store that stops answering %s is no damaged archive', async (_when, bytes) => {
  await write(async (writer) => {
    await writer.text('noise', randomBytes(200_000).toString('hex'));
    return [];
  });
  async function* content(): AsyncIterable<Buffer> {
    yield await readFile(join(directory, NAME)).then((whole) => whole.subarray(0, bytes));
    throw new UnreachableFailure('expected the store to answer');
  }
  const reading = readArchive({ name: NAME, content: Readable.from(content()) }, io);
  await expect(reading).rejects.toMatchObject({ name: 'UnreachableFailure', message: 'expected the store to answer' });
});

test('an archive that may not be stored once it is proved leaves what has its name', async () => {
  await write(async (writer) => (await writer.text('first', '1'), ['first']));
  const fill: Fill = async (writer) => (await writer.text('second', '2'), ['second']);
  const proved = () => Promise.reject(new UnreachableFailure('another attempt was first'));
  const writing = writeArchive({ name: NAME, release: 'r', fill, proved }, openFolder(directory), io);
  await expect(writing).rejects.toMatchObject({ name: 'UnreachableFailure', message: 'another attempt was first' });
  const content = createReadStream(join(directory, NAME));
  expect((await readArchive({ name: NAME, content }, io)).contents).toEqual(['first']);
  expect(await readdir(directory)).toEqual([NAME]);
});
