import { ConfigurationFailure } from '../../domain/failures';
import type { Host, Io } from '../../domain/host';
import type { Scope } from '../../domain/release';
import type { Folder } from './folder';
import type { Routing } from '../router';
import { scopeKey, type Fragment } from './fragments';

/**
 * Earlier versions looked for an absolute path on the target, so this still does where the worker has no such file.
 * @throws ConfigurationFailure when the target has no such file either
 */
export async function readErrorPage(
  host: Host,
  path: string | undefined,
  { errorPage }: Pick<Routing, 'errorPage'>,
  io: Io,
): Promise<string | undefined> {
  if (errorPage !== undefined || !path?.startsWith('/')) return errorPage;
  const html = await host.readFile(path, io);
  if (html !== undefined) return html;
  throw new ConfigurationFailure(
    `expected the error page ${path} on the worker or on the target, seen no such file; correct router.errorPage`,
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
