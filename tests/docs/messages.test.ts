import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const ROOT = join(__dirname, '../..');
const FOLDERS = ['activities', 'databases', 'domain', 'metrics', 'routers', 'starters', 'state', 'stores', 'targets'];

test('every error begins in lower case, since a path or `error:` stands in front of it [proves ui]', () => {
  const files = [...FOLDERS, 'workers', 'workflows'].flatMap((folder) =>
    readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' }).map((file) => join(folder, file)),
  );
  const loud = files.filter(
    (file) => file.endsWith('.ts') && /[`'"]Expected /.test(readFileSync(join(ROOT, file), 'utf8')),
  );
  expect(loud).toEqual([]);
});
