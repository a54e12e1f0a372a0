import { randomBytes } from 'node:crypto';
import { ConfigurationFailure } from '../../domain/failures';
import type { Host, Io } from '../../domain/host';
import type { Scope } from '../../domain/release';
import { scopeKey } from './fragments';

/** A killed worker leaves its folder behind; nobody needs one for so long. */
const STALE_MINUTES = 10;
const TIDY = 'find "$1" -maxdepth 1 -name "$2.*" -mmin "+$3" -exec rm -rf {} + 2>/dev/null; true';

/** Gives a folder on the target in which a configuration can be tried, and removes it. */
export async function withTrialFolder<T>(
  host: Host,
  { base, scope }: { base: string; scope: Scope },
  io: Io,
  body: (folder: string) => Promise<T>,
): Promise<T> {
  const name = `spillway-check.${scopeKey(scope)}`;
  const folder = `${base}/${name}.${randomBytes(4).toString('hex')}`;
  await host.run(['sh', '-c', TIDY, 'sh', base, name, String(STALE_MINUTES)], io);
  try {
    return await body(folder);
  } finally {
    await host.run(['rm', '-rf', folder], { ...io, signal: AbortSignal.timeout(10_000) });
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
