import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileJsonSchema } from '../domain/config/schema';
import { configurationPage } from './file/page';

export function generatedFiles(): Record<string, string> {
  return {
    'spillway.schema.json': `${JSON.stringify(fileJsonSchema(), null, 2)}\n`,
    'docs/configuration.md': configurationPage(),
  };
}

async function generate(root: string): Promise<void> {
  for (const [path, content] of Object.entries(generatedFiles())) await writeFile(join(root, path), content);
}

if (require.main === module) void generate(process.cwd());
