import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileJsonSchema } from '../domain/config/schema';
import { configurationPage } from './file/page';

/** The files that are made from the declaration of the configuration, by their path from the root of the repository. */
export function generatedFiles(): Record<string, string> {
  return {
    'spillway.schema.json': `${JSON.stringify(fileJsonSchema(), null, 2)}\n`,
    'docs/configuration.md': configurationPage(),
  };
}

async function generate(root: string): Promise<void> {
  for (const [path, content] of Object.entries(generatedFiles())) await writeFile(join(root, path), content);
}

// `npm run generate` starts it at the root of the repository.
if (require.main === module) void generate(process.cwd());
