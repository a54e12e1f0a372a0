import { RouterFailure } from '../../domain/failures';
import type { Host, Io } from '../../domain/host';
import type { Scope } from '../../domain/release';
import { scopeKey } from './fragments';

/**
 * The page shown when no version answers; undefined when none is configured.
 *
 * @throws RouterFailure when there is no such file on the target
 */
export async function readErrorPage(host: Host, errorPage: string | undefined, io: Io): Promise<string | undefined> {
  if (errorPage === undefined) return undefined;
  const html = await host.readFile(errorPage, io);
  if (html !== undefined) return html;
  throw new RouterFailure(
    `Expected the error page ${errorPage} on the target, seen no such file. Correct router.errorPage.`,
  );
}

/** Where a router finds the page of an environment. */
export function pageFile(directory: string, scope: Scope): string {
  return `${directory}/pages/${scopeKey(scope)}.html`;
}
