import { basename, dirname } from 'node:path';
import { ConfigurationFailure } from '../../../domain/failures';
import { readDocuments } from './documents';
import type { Environment } from './environment';
import { ComposeText } from './text';

/**
 * The name that Compose puts in front of the names of what it makes: of the command line, COMPOSE_PROJECT_NAME, the last
 * file that says `name`, or the folder.
 * @throws ConfigurationFailure
 */
export async function projectName(
  asked: string | undefined,
  files: string[],
  { lookup }: Environment,
): Promise<string> {
  const explicit = asked ?? (lookup('COMPOSE_PROJECT_NAME')?.text || undefined);
  if (explicit === undefined) {
    return normal(await writtenName(files, lookup)) || normal(basename(dirname(files[0]!))) || 'default';
  }
  if (explicit === normal(explicit)) return explicit;
  const where = asked === undefined ? 'COMPOSE_PROJECT_NAME' : '--project-name';
  throw new ConfigurationFailure(
    `expected a name of lower-case letters, digits, - and _ in ${where}, seen "${explicit}"`,
  );
}

async function writtenName(files: string[], lookup: Environment['lookup']): Promise<string> {
  let name = '';
  for (const file of files) {
    for (const document of await readDocuments(file, lookup)) {
      const given = document.get('name');
      if (given instanceof ComposeText) name = given.text || name;
    }
  }
  return name;
}

function normal(name: string): string {
  return name
    .toLowerCase()
    .replace(/[^a-z0-9_-]/g, '')
    .replace(/^[_-]+/, '');
}
