import { chmod, mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fingerprintKey } from '../../workers/fingerprint-key';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'spillway-key-'));
});
afterEach(() => rm(folder, { recursive: true }));

describe('the key of the fingerprints', () => {
  it('is made once, although several workers start at the same moment, and only its owner can read it', async () => {
    const state = join(folder, 'state');
    const keys = await Promise.all(Array.from({ length: 8 }, () => fingerprintKey(state)));
    expect(new Set(keys.map((key) => key.toString('hex'))).size).toBe(1);
    expect(keys[0]).toHaveLength(32);
    expect(await readdir(state)).toEqual(['fingerprint.key']);
    expect((await stat(join(state, 'fingerprint.key'))).mode & 0o777).toBe(0o600);
  });

  it('is refused when others can read it, or it is damaged', async () => {
    const path = join(folder, 'fingerprint.key');
    await writeFile(path, 'short', { mode: 0o600 });
    await expect(fingerprintKey(folder)).rejects.toThrow('expected 32 bytes');
    await chmod(path, 0o644);
    await expect(fingerprintKey(folder)).rejects.toThrow('chmod 600');
  });

  it('says what to set when it cannot be kept', async () => {
    await writeFile(join(folder, 'file'), '');
    await expect(fingerprintKey(join(folder, 'file'))).rejects.toThrow('SPILLWAY_WORKER_STATE');
  });
});
