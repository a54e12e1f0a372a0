import { readFile, stat } from 'node:fs/promises';
import type { PostgresHost, PostgresServer } from './server';

/** As in libpq, a file that others may read does not count. */
const OTHERS_MAY_READ = 0o077;

/** Answers the password of the connection string, or else that of libpq's password file; empty when there is none. */
export async function passwordOf(server: PostgresServer, place: PostgresHost): Promise<string> {
  const { settings, passwordFile } = server;
  if (settings.password !== undefined) return settings.password;
  const info = await stat(passwordFile).catch(() => undefined);
  if (!info?.isFile() || (info.mode & OTHERS_MAY_READ) !== 0) return '';
  const text = await readFile(passwordFile, 'utf8').catch(() => '');
  return inFile(text, [hostOf(place), String(place.port), server.database, server.user]) ?? '';
}

/** Names sockets in libpq's own folder so, too. */
function hostOf({ host }: PostgresHost): string {
  return /^\/(var\/run\/postgresql|tmp)$/.test(host) ? 'localhost' : host;
}

/** Lines are `HOST:PORT:DATABASE:USER:PASSWORD`, where `*` fits all and a backslash keeps `:` and itself. */
function inFile(text: string, wanted: string[]): string | undefined {
  for (const line of text.split(/\r?\n/)) {
    if (line.startsWith('#')) continue;
    const fields = [...line.matchAll(/((?:[^:\\]|\\.)*)(?::|$)/g)].map(([, field = '']) => field);
    const password = line
      .split(/(?<!\\):/)
      .slice(4)
      .join(':');
    const isMatch = wanted.every((value, index) => fields[index] === '*' || plain(fields[index] ?? '') === value);
    if (isMatch && fields.length > 4) return plain(password);
  }
  return undefined;
}

function plain(field: string): string {
  return field.replace(/\\(.)/g, '$1');
}
