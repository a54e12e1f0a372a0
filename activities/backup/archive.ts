import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { once } from 'node:events';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip, createGzip } from 'node:zlib';
import { extract, pack, type Header, type Pack } from 'tar-stream';
import { BackupFailure, SpillwayFailure } from '../../domain/failures';
import type { Io } from '../../domain/host';
import type { Store } from '../../stores/store';

const MANIFEST = 'manifest.json';

type EntryHeader = Partial<Header> & Pick<Header, 'name'>;

export interface Manifest {
  release: string;
  contents: string[];
  checksums: Record<string, string>;
}

export interface ArchiveWriter {
  text(name: string, content: string): Promise<void>;
  file(name: string, path: string): Promise<void>;
  /** Renames the first folder of all entries to `folder`. Answers the number of files. */
  archive(folder: string, stream: Readable): Promise<number>;
}

interface Archiving {
  name: string;
  release: string;
  /** Answers the contents in words. */
  fill: (writer: ArchiveWriter) => Promise<string[]>;
  /** Runs once all of it was read back; when it fails, nothing is stored. */
  proved?: () => Promise<void>;
}

/** @throws BackupFailure when there is no room, or what was read back differs. */
export async function writeArchive(
  { name, release, fill, proved }: Archiving,
  store: Store,
  io: Io,
): Promise<Manifest> {
  const tar = pack();
  const checksums: Record<string, string> = {};
  // A dump is compressed already, so more effort would only cost time.
  const content = createGzip({ level: 1 });
  const compressed = pipeline(tar as unknown as Readable, content, { signal: io.signal });
  const prove = async (back: Readable): Promise<void> => {
    await readArchive({ name, content: back }, io);
    await proved?.();
  };
  const stored = store.put({ name, content, prove }, io);
  const broken = Promise.all([compressed, stored]).then(() => Promise.reject(new Error('the archive ended early')));
  broken.catch(() => undefined);
  try {
    const contents = await Promise.race([fill(writerOf(tar, checksums, io)), broken]);
    const manifest = { release, contents, checksums };
    await Promise.race([addText(tar, MANIFEST, JSON.stringify(manifest)), broken]);
    tar.finalize();
    await stored;
    return manifest;
  } catch (error) {
    tar.destroy(error as Error);
    const [outcome] = await Promise.allSettled([stored, compressed]);
    io.signal.throwIfAborted();
    // The store explains better why it refused than the stream that broke with it.
    throw outcome.status === 'rejected' ? outcome.reason : error;
  }
}

export interface Reading {
  name: string;
  content: Readable;
  /** It must read the whole content. */
  onFile?: (name: string, content: AsyncIterable<Buffer>) => Promise<void>;
}

/** @throws BackupFailure when it is not what its manifest says; what the store throws when that does not answer. */
export async function readArchive({ name: archive, content, onFile = readOver }: Reading, io: Io): Promise<Manifest> {
  io.onProgress(`reading back ${archive}`);
  const found: Record<string, string> = {};
  let manifest: Manifest | undefined;
  const tar = extract();
  const reading = pipeline(content, createGunzip(), tar, { signal: io.signal });
  reading.catch(() => undefined);
  try {
    for await (const entry of tar) {
      const { name, type } = entry.header;
      if (name === MANIFEST)
        manifest = JSON.parse(Buffer.concat(await toArray(contentOf(entry))).toString()) as Manifest;
      else if (type === 'file') {
        const hash = createHash('sha256');
        await onFile(name, hashed(contentOf(entry), hash));
        found[name] = hash.digest('hex');
      } else entry.resume();
    }
    await reading;
  } catch (error) {
    io.signal.throwIfAborted();
    // A store that is away for a moment is no damaged backup: reading it is worth another try.
    if (error instanceof SpillwayFailure) throw error;
    throw new BackupFailure(`expected to read ${archive} back, seen: ${(error as Error).message}; make it again`);
  }
  if (!manifest) throw new BackupFailure(`expected ${MANIFEST} at the end of ${archive}, seen none; make it again`);
  expectSame(archive, manifest.checksums, found);
  return manifest;
}

function writerOf(tar: Pack, checksums: Record<string, string>, io: Io): ArchiveWriter {
  const add = async (header: EntryHeader, content: AsyncIterable<Buffer>) => {
    io.onProgress(`saving ${header.name}`);
    checksums[header.name] = await addStream(tar, header, content);
  };
  return {
    text: (name, content) =>
      add({ name, size: Buffer.byteLength(content), mode: 0o600 }, oneChunk(Buffer.from(content))),
    file: async (name, path) =>
      add({ name, size: (await stat(path)).size, mode: 0o600 }, createReadStream(path) as AsyncIterable<Buffer>),
    archive: async (folder, stream) => {
      let files = 0;
      const source = extract();
      const reading = pipeline(stream, source, { signal: io.signal });
      reading.catch(() => undefined);
      for await (const entry of source) {
        const header = { ...entry.header, name: renamedInto(folder, entry.header.name) };
        // A hard link names another entry of the same archive; a symbolic link may point anywhere.
        if (header.type === 'link' && header.linkname) header.linkname = renamedInto(folder, header.linkname);
        if (header.type === 'file') {
          files++;
          await add(header, contentOf(entry));
        } else {
          entry.resume();
          await addHeader(tar, header);
        }
      }
      await reading;
      return files;
    },
  };
}

/** tar-stream's own type leaves open what its streams hold. */
function contentOf(entry: AsyncIterable<unknown>): AsyncIterable<Buffer> {
  return entry as AsyncIterable<Buffer>;
}

function renamedInto(folder: string, name: string): string {
  return name.replace(/^\.?\/?[^/]+/, folder);
}

async function addStream(tar: Pack, header: EntryHeader, content: AsyncIterable<Buffer>): Promise<string> {
  const hash = createHash('sha256');
  let ended: (error?: Error | null) => void = () => undefined;
  const end = new Promise<void>((resolve, reject) => (ended = (error) => (error ? reject(error) : resolve())));
  end.catch(() => undefined);
  const entry = tar.entry(header, (error) => ended(error));
  for await (const chunk of hashed(content, hash)) {
    if (!entry.write(chunk)) await Promise.race([once(entry, 'drain'), end]);
  }
  entry.end(undefined);
  await end;
  return hash.digest('hex');
}

async function addText(tar: Pack, name: string, content: string): Promise<void> {
  await addStream(tar, { name, size: Buffer.byteLength(content), mode: 0o600 }, oneChunk(Buffer.from(content)));
}

function addHeader(tar: Pack, header: EntryHeader): Promise<void> {
  return new Promise((resolve, reject) => {
    tar.entry({ ...header, size: 0 }, (error) => (error ? reject(error) : resolve()));
  });
}

async function* oneChunk(content: Buffer): AsyncIterable<Buffer> {
  yield await Promise.resolve(content);
}

async function* hashed(content: AsyncIterable<Buffer>, hash: ReturnType<typeof createHash>): AsyncIterable<Buffer> {
  for await (const chunk of content) {
    hash.update(chunk);
    yield chunk;
  }
}

async function readOver(_name: string, content: AsyncIterable<Buffer>): Promise<void> {
  for await (const chunk of content) void chunk;
}

async function toArray(content: AsyncIterable<Buffer>): Promise<Buffer[]> {
  const chunks: Buffer[] = [];
  for await (const chunk of content) chunks.push(chunk);
  return chunks;
}

function expectSame(file: string, wanted: Record<string, string>, found: Record<string, string>): void {
  const wrong = Object.keys({ ...wanted, ...found }).filter((name) => wanted[name] !== found[name]);
  if (wrong.length === 0) return;
  throw new BackupFailure(
    `expected ${Object.keys(wanted).length} files with their checksums in ${file}, seen other content in ` +
      `${wrong.slice(0, 5).join(', ')}; make it again`,
  );
}
