import { mkdtemp, mkdir, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { buffer, text } from 'node:stream/consumers';
import { openFolder } from '../../stores/folder/folder';
import type { Store } from '../../stores/store';

const NAME = 'backup_20261121_101500.tar.gz';
const io = { signal: new AbortController().signal, onProgress: () => undefined };

let parent: string;
let directory: string;
let store: Store;

beforeEach(async () => {
  parent = await mkdtemp(join(tmpdir(), 'spillway-store-'));
  directory = join(parent, 'shop', 'backups');
  store = openFolder(directory);
});
afterEach(() => rm(parent, { recursive: true }));

const put = (content: Readable | string, prove?: (stored: Readable) => Promise<unknown>) =>
  store.put({ name: NAME, content: typeof content === 'string' ? Readable.from([content]) : content, prove }, io);
const read = async () => {
  const content = await store.open(NAME, io);
  return content && text(content);
};

test('what was put is found by its name, with its size, and is readable by its user alone', async () => {
  await put('first');
  expect(await read()).toBe('first');
  expect([...(await store.list(io))]).toEqual([[NAME, 5]]);
  expect((await stat(directory)).mode & 0o777).toBe(0o700);
  expect((await stat(join(directory, NAME))).mode & 0o777).toBe(0o600);
});

test('what is put is proved before anybody finds it, and takes the place of what had the name', async () => {
  await put('first');
  await put('second', async (stored) => {
    expect((await buffer(stored)).toString()).toBe('second');
    expect(await read()).toBe('first');
  });
  expect(await read()).toBe('second');
});

test.each([
  ['its content breaks off', () => put(Readable.from(brokenOff())), 'broke off'],
  [
    'its proof fails',
    () => put('half', () => Promise.reject(new Error('not what was written'))),
    'not what was written',
  ],
])('nothing is stored when %s, and what had the name stays', async (_why, attempt, message) => {
  await put('first');
  await expect(attempt()).rejects.toThrow(message);
  expect(await read()).toBe('first');
  expect(await readdir(directory)).toEqual([NAME]);
});

test('nothing is stored when it is stopped', async () => {
  const controller = new AbortController();
  const prove = () =>
    Promise.resolve(controller.abort(new Error('stop now'))).then(() => Promise.reject(new Error('late')));
  const content = Readable.from(['half']);
  await expect(store.put({ name: NAME, content, prove }, { ...io, signal: controller.signal })).rejects.toThrow(
    'stop now',
  );
  expect(await readdir(directory)).toEqual([]);
});

test('what is not there is undefined, and removing it is no mistake, even without the folder', async () => {
  expect(await read()).toBeUndefined();
  expect([...(await store.list(io))]).toEqual([]);
  await store.remove(NAME, io);
  await store.tidy(io);
  expect(await readdir(parent)).toEqual([]);
});

test('tidying removes what interrupted tries left, of older versions too, and nothing of anybody else', async () => {
  await put('whole');
  await mkdir(join(directory, 'backup_restore.partial-a1b2'));
  for (const name of [`${NAME}.partial.a1b2`, 'backup_20261121_101500.partial.dump', 'notes.partial.txt']) {
    await writeFile(join(directory, name), 'half');
  }
  expect([...(await store.list(io)).keys()]).toEqual([NAME]);
  await store.tidy(io);
  expect((await readdir(directory)).sort()).toEqual([NAME, 'notes.partial.txt']);
});

test.each(['../backup_1.tar.gz', 'backup_../../x', 'live.json', ''])('the name %j leads nowhere', async (name) => {
  await writeFile(join(parent, 'backup_1.tar.gz'), 'of somebody else');
  const refused = expect.objectContaining({ name: 'BackupFailure' });
  await expect((async () => store.open(name, io))()).rejects.toEqual(refused);
  await expect((async () => store.remove(name, io))()).rejects.toEqual(refused);
  expect(await readFile(join(parent, 'backup_1.tar.gz'), 'utf8')).toBe('of somebody else');
});

test('a folder that cannot be made says which setting to change', async () => {
  await writeFile(join(parent, 'shop'), 'a file');
  await expect(put('first')).rejects.toMatchObject({
    name: 'ConfigurationFailure',
    message: expect.stringMatching(/expected to create .* seen ENOTDIR.*backup\.store\.directory/),
  });
});

async function* brokenOff(): AsyncGenerator<string> {
  yield await Promise.resolve('half');
  throw new Error('broke off');
}

test('a folder that fails while something is read from it says so, for another try', async () => {
  await mkdir(directory, { recursive: true });
  // A file that opens, and whose first byte cannot be read.
  await symlink('/proc/self/mem', join(directory, NAME));
  await expect(read()).rejects.toMatchObject({
    name: 'UnreachableFailure',
    message: expect.stringContaining('seen EIO'),
  });
});

test('what is not read to its end leaves no file open', async () => {
  await put('x'.repeat(1_000_000));
  const before = (await readdir('/proc/self/fd')).length;
  const content = await store.open(NAME, io);
  content!.destroy();
  while ((await readdir('/proc/self/fd')).length > before) await new Promise((resolve) => setImmediate(resolve));
});
