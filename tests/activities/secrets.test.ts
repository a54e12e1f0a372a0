import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Secrets } from '../../activities/secrets';
import { ConfigurationFailure } from '../../domain/failures';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'spillway-secrets-'));
});
afterEach(() => rm(folder, { recursive: true }));

const secrets = (environment: Record<string, string> = {}, key = 'k'): Secrets =>
  new Secrets(environment, Buffer.from(key));

describe('secrets', () => {
  it('come from the environment, or from a file beside the configuration without its last line break', async () => {
    await writeFile(join(folder, 'token'), 'from file\n');
    const all = secrets({ TOKEN: 'from environment' });
    expect(await all.resolve({ env: 'TOKEN' }, folder)).toBe('from environment');
    expect(await all.resolve({ file: 'token' }, folder)).toBe('from file');
    expect(await all.resolve('plain', folder)).toBe('plain');
    expect(await secrets({ HOME: folder }).resolve({ file: '~/token' }, '/elsewhere')).toBe('from file');
  });

  it('are redacted once they were resolved; plain text is not', async () => {
    const all = secrets({ TOKEN: 'sesame' });
    await all.resolve('plain text', folder);
    expect(all.redact('plain text, sesame')).toBe('plain text, sesame');
    await all.resolve({ env: 'TOKEN' }, folder);
    expect(all.redact('plain text, sesame')).toBe('plain text, [redacted]');
  });

  it.each([
    [
      { env: 'MISSING' },
      'Secret { env: MISSING }: expected a value in the environment of the worker, seen no such variable',
    ],
    [{ env: 'EMPTY' }, 'Secret { env: EMPTY }: expected a value in the environment of the worker, seen an empty one'],
    [{ file: 'missing' }, 'Secret { file: missing }'],
    [{ file: 'empty' }, 'seen an empty file'],
  ])('that have no value fail by the name of their reference: %j', async (reference, message) => {
    await writeFile(join(folder, 'empty'), '\n');
    const failure = secrets({ EMPTY: '' }).resolve(reference, folder);
    await expect(failure).rejects.toThrow(ConfigurationFailure);
    await expect(failure).rejects.toThrow(message);
  });

  it('have fingerprints that change with the value and with the key, and do not contain it', async () => {
    const of = (value: string, key?: string) => secrets({ TOKEN: value }, key).fingerprint({ env: 'TOKEN' }, folder);
    const fingerprint = await of('sesame');
    expect(await of('sesame')).toBe(fingerprint);
    expect(await of('sesamo')).not.toBe(fingerprint);
    expect(await of('sesame', 'another key')).not.toBe(fingerprint);
    expect(fingerprint).toMatch(/^[0-9a-f]{64}$/);
  });
});
