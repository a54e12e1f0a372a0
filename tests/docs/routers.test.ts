import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROUTERS, type RouterKind } from '../../domain/router';

const PAGE = readFileSync(join(__dirname, '../../docs/routers.md'), 'utf8');
const KINDS = Object.keys(ROUTERS) as RouterKind[];

/** Cells of the rows of the table that has a column for each kind of router, by the name in their first cell. */
function tableOfKinds(): { columns: string[]; rows: Map<string, string[]> } {
  const lines = PAGE.split('\n');
  const head = lines.findIndex((line) => line.startsWith('|') && KINDS.every((kind) => line.includes(`\`${kind}\``)));
  const end = lines.findIndex((line, index) => index > head && !line.startsWith('|'));
  const [columns = [], , ...rows] = lines.slice(head, end).map((line) =>
    line
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim().replace(/^`(.*)`$/, '$1')),
  );
  return { columns, rows: new Map(rows.map(([name = '', ...cells]) => [name, cells])) };
}

/** How the page begins to say it. */
function inWords(value: boolean | string): string {
  return typeof value === 'string' ? value : value ? 'yes' : 'no';
}

test.each(KINDS)('the page says of %s what the table of capabilities declares', (kind) => {
  const { columns, rows } = tableOfKinds();
  const { capabilities, targets } = ROUTERS[kind];
  const declared = { ...capabilities, targets: targets.join(', ') };
  expect([...rows.keys()].sort()).toEqual(Object.keys(declared).sort());
  for (const [name, value] of Object.entries(declared)) {
    const cell = rows.get(name)?.[columns.indexOf(kind) - 1];
    expect([name, cell?.split(/[:,] /)[0]]).toEqual([name, inWords(value)]);
  }
});
