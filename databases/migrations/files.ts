import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { open, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { setImmediate as pause } from 'node:timers/promises';
import { ConfigurationFailure } from '../../domain/failures';
import { formatSize } from '../../domain/units';
import { compare, listMigrations, MIGRATION, unreadable } from './folder';
import { sortedWrongly } from './order';
import { withoutMark } from './text';

/** The first line of a file whose statements cannot run in a transaction. */
export const NO_TRANSACTION = '-- spillway: no transaction';

/** Bytes that are looked at in one go, in milliseconds. */
const PART = 2 ** 20;
/** A server takes no more in one message. */
const LARGEST = 2 ** 30 - 2 ** 10;
/** Characters among which the first line is looked for. */
const HEAD = 1_000;

export interface MigrationScript {
  file: string;
  /** Its text without a byte order mark, read anew each time, because a seed may be large. */
  bytes(): Promise<Buffer>;
  transaction: boolean;
}

export interface MigrationFile {
  name: string;
  up: MigrationScript;
  down?: MigrationScript;
  /** The SHA-256 of the up file with line ends made equal, since another system's checkout may change them. */
  checksum: string;
}

export interface MigrationFolder {
  migrations: MigrationFile[];
  mistakes: string[];
  /** What else lies in the folder, and why it is left alone. */
  ignored: string[];
}

/** @throws ConfigurationFailure when the folder cannot be read. */
export async function readMigrations(directory: string): Promise<MigrationFolder> {
  const { files, mistakes, ignored } = await listMigrations(directory);
  const migrations: MigrationFile[] = [];
  for (const file of files) {
    const [, name, direction] = MIGRATION.exec(file) ?? [];
    if (!name || direction !== 'up') continue;
    const down = `${name}.down.sql`;
    const { checksum, ...up } = await scriptIn(directory, file);
    migrations.push({ name, up, checksum, ...(files.includes(down) && { down: await scriptIn(directory, down) }) });
  }
  migrations.sort((a, b) => compare(a.name, b.name));
  return { migrations, mistakes: [...mistakes, ...nameMistakes(directory, files, migrations)], ignored };
}

/** A script that no file has any more. */
export function scriptOf(file: string, sql: string): MigrationScript {
  return { file, bytes: () => Promise.resolve(Buffer.from(sql)), transaction: hasTransaction(sql) };
}

/** @param head its beginning, with at least the first line if that is short */
function hasTransaction(head: string): boolean {
  const [first = ''] = head.slice(0, HEAD).split(/[\r\n]/, 1);
  return first.trim().toLowerCase() !== NO_TRANSACTION;
}

/** Looks through the file in parts, so that neither memory nor the worker's other work depends on its size. */
async function scriptIn(directory: string, file: string): Promise<MigrationScript & { checksum: string }> {
  const path = join(directory, file);
  await expectSize(path);
  const bytes = async (): Promise<Buffer> => withoutMark(await readShared(path).catch(refuse(path)));
  const { checksum, head } = await digest(createReadStream(path, { highWaterMark: PART })).catch(refuse(path));
  return { file, bytes, transaction: hasTransaction(head), checksum };
}

/** Into memory that threads may share, so that no other copy of a large file is made. */
async function readShared(path: string): Promise<Buffer> {
  const file = await open(path);
  try {
    const { size } = await file.stat();
    const bytes = Buffer.from(new SharedArrayBuffer(size));
    let at = 0;
    for (let read = -1; at < size && read !== 0; at += read) {
      read = (await file.read(bytes, at, Math.min(PART, size - at))).bytesRead;
    }
    return bytes.subarray(0, at);
  } finally {
    await file.close();
  }
}

function refuse(path: string): (error: unknown) => never {
  return (error) => {
    throw unreadable(path, 'a migration', error, 'give the worker a file that it can read');
  };
}

async function expectSize(path: string): Promise<void> {
  const { size } = await stat(path).catch(refuse(path));
  if (size <= LARGEST) return;
  throw new ConfigurationFailure(
    `expected a migration of at most ${formatSize(LARGEST)} at ${path}, seen ${formatSize(size)}; ` +
      'load such data beside the migrations (`psql`, `COPY`), or split the file',
  );
}

/** The checksum of text that is at hand. */
export async function checksumOf(bytes: Buffer): Promise<string> {
  return (await digest(partsOf(bytes))).checksum;
}

async function* partsOf(bytes: Buffer): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += PART) {
    yield bytes.subarray(at, at + PART);
    await pause();
  }
}

async function digest(parts: AsyncIterable<unknown>): Promise<{ checksum: string; head: string }> {
  const hash = createHash('sha256');
  const decoder = new TextDecoder();
  let head = '';
  let held = '';
  for await (const part of parts) {
    const text = held + decoder.decode(part as Buffer, { stream: true });
    if (head.length < HEAD) head += text.slice(0, HEAD);
    // The other half of a line end may come with the next part.
    held = text.endsWith('\r') ? '\r' : '';
    hash.update(text.slice(0, text.length - held.length).replaceAll('\r\n', '\n'));
  }
  return { checksum: hash.update(held + decoder.decode()).digest('hex'), head };
}

function nameMistakes(directory: string, files: string[], migrations: MigrationFile[]): string[] {
  const mistakes: string[] = [];
  const names = new Set(migrations.map(({ name }) => name));
  for (const file of files) {
    const [, name = '', direction] = MIGRATION.exec(file) ?? [];
    if (direction === 'down' && !names.has(name)) {
      mistakes.push(`${join(directory, file)}: expected ${name}.up.sql beside it; add it or remove this file`);
    }
  }
  const seen = new Map<string, string>();
  for (const { name } of migrations) {
    const twin = seen.get(name.toLowerCase());
    if (twin) mistakes.push(`${directory}: the migrations ${twin} and ${name} have the same name; rename one`);
    seen.set(name.toLowerCase(), name);
  }
  return [...mistakes, ...sortedWrongly([...names]).map((mistake) => `${directory}: ${mistake}`)];
}
