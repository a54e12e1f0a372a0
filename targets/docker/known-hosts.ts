import { createHmac } from 'node:crypto';
import { readFileSync } from 'node:fs';

export interface HostKey {
  type: string;
  key: Buffer;
}

/** A server may prove a key of this type by these signature algorithms. */
const SIGNATURES: Record<string, string[]> = { 'ssh-rsa': ['rsa-sha2-512', 'rsa-sha2-256'] };

/** Reads `known_hosts` files (see sshd(8)); missing files hold no keys. */
export function knownKeys(files: string[], host: string, port: number): HostKey[] {
  const name = port === 22 ? host : `[${host}]:${port}`;
  return files
    .flatMap((file) => readLines(file))
    .map((line) => line.trim().split(/\s+/))
    .filter(([names, type, key]) => names && type && key && !/^[#@]/.test(names) && matches(names, name))
    .map(([, type, key]) => ({ type: type!, key: Buffer.from(key!, 'base64') }));
}

export function signaturesOf(keys: HostKey[]): string[] {
  return [...new Set(keys.flatMap(({ type }) => SIGNATURES[type] ?? [type]))];
}

function readLines(file: string): string[] {
  try {
    return readFileSync(file, 'utf8').split('\n');
  } catch {
    return [];
  }
}

function matches(names: string, name: string): boolean {
  const hashed = /^\|1\|([^|]+)\|(.+)$/.exec(names);
  if (!hashed) return names.split(',').includes(name);
  const [, salt, hash] = hashed;
  return createHmac('sha1', Buffer.from(salt!, 'base64')).update(name).digest('base64') === hash;
}
