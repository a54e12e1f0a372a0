import { ConfigurationFailure } from '../../domain/failures';
import type { Host, Io } from '../../domain/host';
import type { Scope } from '../../domain/release';
import type { Folder } from './folder';
import { scopeKey, type Fragment } from './fragments';

/** @throws ConfigurationFailure when the target has no such file */
export async function readErrorPage(host: Host, errorPage: string | undefined, io: Io): Promise<string | undefined> {
  if (errorPage === undefined) return undefined;
  const html = await host.readFile(errorPage, io);
  if (html !== undefined) return html;
  throw new ConfigurationFailure(
    `expected the error page ${errorPage} on the target, seen no such file; correct router.errorPage`,
  );
}

export function pageFile(directory: string, scope: Scope): string {
  return `${directory}/pages/${scopeKey(scope)}.html`;
}

export async function writePage<Tls>(
  { host, directory }: Folder,
  { routing: { scope }, errorPage }: Fragment<Tls>,
  io: Io,
): Promise<void> {
  const path = pageFile(directory, scope);
  if (errorPage !== undefined) await host.writeFile(path, errorPage, io);
}
