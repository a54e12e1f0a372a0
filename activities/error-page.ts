import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { ConfigurationFailure } from '../domain/failures';
import type { Routing } from '../routers/router';
import type { Step } from './steps';

/**
 * The page comes from the folder of `spillway.yaml`, as a Dockerfile does. An absolute path may also be the target's.
 * @throws ConfigurationFailure when there is no such file
 */
export async function withErrorPage(
  routing: Routing,
  { config, projectDirectory }: Pick<Step, 'config' | 'projectDirectory'>,
): Promise<Routing> {
  const { errorPage } = config.router;
  if (errorPage === undefined) return routing;
  const path = resolve(projectDirectory, errorPage);
  try {
    return { ...routing, errorPage: await readFile(path, 'utf8') };
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' && errorPage.startsWith('/')) return routing;
    throw new ConfigurationFailure(
      `expected the error page at ${path}, seen ${code === 'ENOENT' ? 'no such file' : code}; correct router.errorPage, which is relative to spillway.yaml`,
      { cause: error },
    );
  }
}
