import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { appConfigSchema } from '../../domain/config';
import { configurationPage } from '../../starters/file/page';
import { generatedFiles } from '../../starters/generate';

const ROOT = join(__dirname, '../..');

test.each(Object.entries(generatedFiles()))('%s is what the declaration generates', (path, content) => {
  // A diff of the whole would drown the hint.
  const same = readFileSync(join(ROOT, path), 'utf8') === content;
  expect(same ? 'up to date' : 'run: npm run generate').toBe('up to date');
});

test('the first example of the page is a configuration that is right', () => {
  const [, example] = /```yaml\n([^]*?)```/.exec(configurationPage()) ?? [];
  expect(appConfigSchema.safeParse(parse(example!)).error).toBeUndefined();
});

test('every link of the page leads to one of its headings', () => {
  const page = configurationPage();
  const anchors = [...page.matchAll(/^## (.*)$/gm)].map(([, heading]) =>
    heading!
      .toLowerCase()
      .replace(/[^a-z0-9 _-]/g, '')
      .replaceAll(' ', '-'),
  );
  const links = [...page.matchAll(/\]\(#([^)]+)\)/g)].map(([, link]) => link);
  expect(links.length).toBeGreaterThan(20);
  expect(links.filter((link) => !anchors.includes(link!))).toEqual([]);
  expect(new Set(anchors).size).toBe(anchors.length);
});
