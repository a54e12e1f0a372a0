import { randomBytes } from 'node:crypto';
import { ConfigurationFailure } from '../../domain/failures';
import type { Host, Io } from '../../domain/host';
import type { Scope } from '../../domain/release';
import type { Folder } from './folder';
import { scopeKey } from './fragments';

/** A killed worker leaves its folder behind; nobody needs one for so long. */
const STALE_MINUTES = 10;
/** Answers the router's folder, or the nearest one above it that is there. */
const TIDY = `
find "$1" -maxdepth 1 -name "$2.*" -mmin "+$3" -exec rm -rf {} + 2>/dev/null
d=$1; until [ -e "$d" ]; do d=$(dirname "$d"); done; echo "$d"`;
const LEAVE = `
rm -rf "$1"
d=$2; while [ "$d" != "$3" ] && rmdir "$d" 2>/dev/null; do d=$(dirname "$d"); done; true`;

/**
 * Gives a folder in which a configuration can be tried, and removes all that was made for it. It lies in the router's
 * own, which engine and worker both see: a worker in a container has a `/tmp` of its own.
 */
export async function withTrialFolder<T>(
  { host, directory }: Folder,
  scope: Scope,
  io: Io,
  body: (folder: string) => Promise<T>,
): Promise<T> {
  const name = `spillway-check.${scopeKey(scope)}`;
  const folder = `${directory}/${name}.${randomBytes(4).toString('hex')}`;
  const tidied = await host.run(['sh', '-c', TIDY, 'sh', directory, name, String(STALE_MINUTES)], io);
  const wasThere = tidied.stdout.replace(/\n$/, '');
  try {
    return await body(folder);
  } finally {
    const away = { ...io, signal: AbortSignal.timeout(10_000) };
    await host.run(['sh', '-c', LEAVE, 'sh', folder, directory, wasThere], away);
  }
}

const MAY_WRITE = 'd=$1; until [ -e "$d" ]; do d=$(dirname "$d"); done; echo "$d"; [ -d "$d" ] && [ -w "$d" ]';

/** @throws ConfigurationFailure when the router's files could not be written */
export async function expectWritable(host: Host, directory: string, io: Io): Promise<void> {
  const { exitCode, stdout } = await host.run(['sh', '-c', MAY_WRITE, 'sh', directory], io);
  if (exitCode === 0) return;
  throw new ConfigurationFailure(
    `expected the worker to be able to write to ${directory} on the target, seen that it may not write to ${stdout.trim()}; ` +
      `make it (\`install -d -o USER ${directory}\`), or choose another router.directory`,
  );
}
