import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { knownKeys, signaturesOf } from '../../../targets/docker/known-hosts';

const folder = mkdtempSync(join(tmpdir(), 'spillway-known-'));
const file = join(folder, 'known_hosts');
let key: string;

beforeAll(() => {
  execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', join(folder, 'host')]);
  key = readFileSync(join(folder, 'host.pub'), 'utf8').split(' ')[1]!;
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test('a machine is found by name and port, in plain and in hashed files', () => {
  writeFileSync(file, `# comment\ndocker.example,10.0.0.5 ssh-ed25519 ${key}\n[docker.example]:2222 ssh-rsa AAAA\n`);
  const expected = [{ type: 'ssh-ed25519', key: Buffer.from(key, 'base64') }];
  expect(knownKeys([file], 'docker.example', 22)).toEqual(expected);
  expect(knownKeys([file], '10.0.0.5', 22)).toEqual(expected);
  execFileSync('ssh-keygen', ['-q', '-H', '-f', file], { stdio: 'ignore' });
  expect(readFileSync(file, 'utf8')).not.toContain('docker.example');
  expect(knownKeys([file], 'docker.example', 22)).toEqual(expected);
  expect(knownKeys([file], 'docker.example', 2222)).toMatchObject([{ type: 'ssh-rsa' }]);
  expect(knownKeys([file], 'other.example', 22)).toEqual([]);
});

test('a missing file knows nobody, and neither does a revoked key', () => {
  expect(knownKeys([join(folder, 'none')], 'docker.example', 22)).toEqual([]);
  writeFileSync(file, `@revoked docker.example ssh-ed25519 ${key}\n`);
  expect(knownKeys([file], 'docker.example', 22)).toEqual([]);
});

test('an RSA key is asked for by signatures that servers still give', () => {
  const keys = ['ssh-rsa', 'ssh-ed25519'].map((type) => ({ type, key: Buffer.alloc(0) }));
  expect(signaturesOf(keys)).toEqual(['rsa-sha2-512', 'rsa-sha2-256', 'ssh-ed25519']);
});
