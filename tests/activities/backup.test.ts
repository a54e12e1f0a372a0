import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { readArchive } from '../../activities/backup/archive';
import { pruneBackups } from '../../activities/backup/prune';
import type { Live } from '../../domain/release';
import { ActivityWorld } from '../support/activity-world';
import { query } from '../support/postgres';
import { sharedPostgres, type UsedPostgres } from '../support/shared-postgres';

const run = promisify(execFile);
const RELEASE = '20261121-101500-1.0.0-aaaa';
const io = { signal: new AbortController().signal, onProgress: () => undefined };

let postgres: UsedPostgres;
let world: ActivityWorld;
let url: string;

beforeAll(async () => void (postgres = await sharedPostgres()));
afterAll(() => postgres?.stop());
beforeEach(async () => {
  url = await postgres.createDatabase();
  await query(url, 'CREATE TABLE orders AS SELECT 1 AS id');
  world = await ActivityWorld.open({ DATABASE_URL: url });
  world.change = (raw) => (raw.database = { driver: 'postgres', url: { env: 'DATABASE_URL' } });
});
afterEach(() => world?.close());

const backups = () => join(world.state, 'backups');
const files = () => readdir(backups()).then((names) => names.sort());
const archive = (name?: string) => join(backups(), `${name}.tar.gz`);
const readBack = (file: string) => readArchive({ name: file, content: createReadStream(file) }, io);
async function backUp(release = RELEASE, live: Live | null = null) {
  const step = world.step(release);
  await world.run('takeFence', step);
  return world.run('backUp', { ...step, live });
}

describe('B1 B5: a backup', () => {
  test('holds database, volumes, configuration, images and logs, and no secret [proves B1, B5]', async () => {
    const volume = `uploads-${randomBytes(4).toString('hex')}`;
    const web = `echo "key is $TOKEN"; echo listening; exec httpd -f -p 8080`;
    world.change = (raw) => {
      raw.database = { driver: 'postgres', url: { env: 'DATABASE_URL' } };
      raw.backup = { volumes: [volume] };
      raw.services = {
        web: {
          image: 'spillway/busybox:local',
          command: ['sh', '-c', web],
          port: 8080,
          routes: [{ port: world.port }],
          env: { TOKEN: { env: 'TOKEN' } },
          policy: { nonRoot: false },
        },
      };
    };
    await run('docker', ['volume', 'create', volume]);
    try {
      const fill = 'mkdir /v/a; echo kept > /v/a/file; ln -s a/file /v/link; ln /v/a/file /v/hard';
      await run('docker', ['run', '--rm', '-u', '0', '-v', `${volume}:/v`, 'spillway/busybox:local', 'sh', '-c', fill]);
      const step = world.step('20261121-101400-0.9.0-aaaa', '0.9.0');
      await world.run('takeFence', step);
      const { images } = await world.run('buildImages', { ...step, skipBuild: false, configurationIdentity: 'c' });
      await world.run('deploySlot', { ...step, slot: 'blue', images, firstRelease: true });
      const live: Live = { slot: 'blue', version: '0.9.0', releaseId: step.release.id, images, identity: 'i' };

      const report = await backUp(RELEASE, live);
      const store = `the folder ${backups()}`;
      expect(report).toMatchObject({ name: 'backup_20261121_101500', store, dump: 'backup_20261121_101500' });
      expect(report.contents).toEqual([
        expect.stringMatching(/^database \(/),
        `volume ${volume} (1 file)`,
        'configuration',
        '1 image',
        'logs of 1 container',
      ]);
      expect(await files()).toEqual(['backup_20261121_101500.images.txt', 'backup_20261121_101500.tar.gz']);
      expect(await readFile(join(backups(), 'backup_20261121_101500.images.txt'), 'utf8')).toMatch(
        /# 0\.9\.0 in blue.*\nweb spillway\/busybox:local sha256:[0-9a-f]{64} \d+\n/,
      );

      const out = join(world.directory, 'out');
      await mkdir(out);
      await run('tar', ['-xzf', archive(report.name), '-C', out]);
      expect(await readFile(join(out, 'volumes', volume, 'link'), 'utf8')).toBe('kept\n');
      expect(await readFile(join(out, 'volumes', volume, 'hard'), 'utf8')).toBe('kept\n');
      const [log] = await readdir(join(out, 'logs'));
      expect(await readFile(join(out, 'logs', log!), 'utf8')).toBe('key is [redacted]\nlistening\n');
      const { stdout } = await run('pg_restore', ['--list', join(out, 'database.dump')]);
      expect(stdout).toMatch(/TABLE DATA public orders/);
      const { stdout: leaked } = await run('grep', ['-rlE', `${world.secret}|${postgres.password}`, out]).catch(() => ({
        stdout: '',
      }));
      expect(leaked).toBe('');
    } finally {
      await world.close();
      await run('docker', ['volume', 'rm', '-f', volume]);
    }
  }, 300_000);

  test('is made once: a second try of the same release finds it and proves it again', async () => {
    const first = await backUp();
    const before = await readFile(archive(first.name));
    expect(await backUp()).toEqual(first);
    expect((await readFile(archive(first.name))).equals(before)).toBe(true);
  });

  test('of another release that began in the same second is left alone, and this one stands beside it', async () => {
    const first = await backUp();
    const before = await readFile(archive(first.name));
    const other = RELEASE.replace(/....$/, 'zzzz');
    const second = await backUp(other);
    expect(second.name).toBe('backup_20261121_101501');
    expect(await backUp(other)).toEqual(second);
    expect((await readBack(archive(second.name))).release).toBe(other);
    expect((await readFile(archive(first.name))).equals(before)).toBe(true);
  });

  test('is made anew when an earlier try was killed, and nothing of that one stays', async () => {
    await mkdir(backups(), { recursive: true });
    for (const name of ['.partial.tar.gz', '.partial.dump', '.partial.dump.1a2b.partial']) {
      await writeFile(join(backups(), `backup_20261121_101500${name}`), 'half');
    }
    expect((await backUp()).contents[0]).toMatch(/^database/);
    expect(await files()).toEqual(['backup_20261121_101500.images.txt', 'backup_20261121_101500.tar.gz']);
  });

  test('that was damaged is not believed but made anew', async () => {
    const file = archive((await backUp()).name);
    const bytes = await readFile(file);
    bytes[Math.floor(bytes.length / 2)]! ^= 0xff;
    await writeFile(file, bytes);
    await expect(readBack(file)).rejects.toMatchObject({ name: 'BackupFailure' });
    await backUp();
    expect((await readBack(file)).release).toBe(RELEASE);
  });

  test('is not needed where there is nothing to save', async () => {
    world.change = () => undefined;
    expect(await backUp()).toEqual({ size: 0, contents: [] });
    await expect(files()).rejects.toMatchObject({ code: 'ENOENT' });
  });

  test('of a volume that does not exist fails, and creates none', async () => {
    world.change = (raw) => (raw.backup = { volumes: ['no-such-volume'] });
    await expect(backUp()).rejects.toMatchObject({
      name: 'BackupFailure',
      message: expect.stringMatching(/volume no-such-volume on the engine, seen none/),
    });
    expect((await run('docker', ['volume', 'ls', '-q'])).stdout.split('\n')).not.toContain('no-such-volume');
    await expect(files()).rejects.toMatchObject({ code: 'ENOENT' });
  });

  test('is not made by a release that no longer has the environment', async () => {
    await world.run('takeFence', world.step('20261121-101600-1.0.1-bbbb'));
    await expect(world.run('backUp', { ...world.step(RELEASE), live: null })).rejects.toMatchObject({
      name: 'OutdatedFailure',
    });
  });
});

describe('on a disk that is too small', () => {
  let small: string;
  const mount = async (size: string) => {
    small = await mkdtemp(join(tmpdir(), 'spillway-small-'));
    await run('mount', ['-t', 'tmpfs', '-o', `size=${size}`, 'tmpfs', small]);
  };
  afterEach(async () => {
    await run('umount', [small]);
    await rm(small, { recursive: true });
  });

  test('a backup is refused before anything is written', async () => {
    await mount('1m');
    const { change } = world;
    world.change = (raw) => {
      change(raw);
      raw.target.stateDirectory = small;
    };
    await expect(backUp()).rejects.toMatchObject({
      name: 'BackupFailure',
      message: expect.stringMatching(/expected .* free in .* seen .*Nothing was written/),
    });
    expect(await readdir(join(small, world.scope.app, 'production', 'backups'))).toEqual([]);
  });
});

test('only the newest backups are kept, and nothing unfinished [proves B2]', async () => {
  const step = world.step(RELEASE);
  step.config.backup.keep = 2;
  await mkdir(backups(), { recursive: true });
  for (const time of ['20261118_000000', '20261119_000000', '20261120_000000', '20261121_000000']) {
    for (const ending of ['tar.gz', 'images.txt']) await writeFile(join(backups(), `backup_${time}.${ending}`), '');
  }
  await writeFile(join(backups(), 'backup_20261117_000000.partial.dump'), '');
  await writeFile(join(backups(), 'notes.txt'), 'mine');
  expect(await pruneBackups(world.parts, step, io)).toEqual(['backup_20261119_000000', 'backup_20261118_000000']);
  expect(await files()).toEqual([
    'backup_20261120_000000.images.txt',
    'backup_20261120_000000.tar.gz',
    'backup_20261121_000000.images.txt',
    'backup_20261121_000000.tar.gz',
    'notes.txt',
  ]);
  await rm(backups(), { recursive: true });
  expect(await pruneBackups(world.parts, step, io)).toEqual([]);
});
