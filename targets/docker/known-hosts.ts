import { createHmac } from 'node:crypto';
import { readFileSync } from 'node:fs';

/** A key that a machine is known by: its type (`ssh-ed25519`) and its content. */
export interface HostKey {
  type: string;
  key: Buffer;
}

/** Signature algorithms by which a server proves that it has a key of this type. */
const SIGNATURES: Record<string, string[]> = { 'ssh-rsa': ['rsa-sha2-512', 'rsa-sha2-256'] };

/** The keys that `known_hosts` files (see sshd(8)) hold for a machine; missing files hold none. */
export function knownKeys(files: string[], host: string, port: number): HostKey[] {
  const name = port === 22 ? host : `[${host}]:${port}`;
  return files
    .flatMap((file) => readLines(file))
    .map((line) => line.trim().split(/\s+/))
    .filter(([names, type, key]) => names && type && key && !/^[#@]/.test(names) && matches(names, name))
    .map(([, type, key]) => ({ type: type!, key: Buffer.from(key!, 'base64') }));
}

/** What to negotiate, so that the server shows a key that can be compared. */
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
