import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { ConfigurationFailure } from '../../../../domain/failures';
import type { ComposeProject } from '../../../../starters/init/compose/model';
import { readProject } from '../../../../starters/init/compose/project';
// What Compose's own loader, compose-go 2.16.2, made of each case, with `--profile '*'`: its document in JSON without
// what we do not read, or "refused".
import answers from './answers.json';
import { COMPOSE_CASES, type ComposeCase } from './cases';
import { simpleProject } from './simple';

let folder: string;
beforeEach(() => {
  folder = join(mkdtempSync(join(tmpdir(), 'spillway-compose-')), 'My Shop');
});
afterEach(() => rmSync(dirname(folder), { recursive: true, force: true }));

async function read({ files, shell = {}, named = [], envFiles = [], projectName }: ComposeCase) {
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
  const inFolder = (name: string): string => join(folder, name);
  const request = { directory: folder, files: named.map(inFolder), envFiles: envFiles.map(inFolder), shell };
  return readProject({ ...request, ...(projectName !== undefined && { projectName }) });
}

const recorded = answers as Record<string, unknown>;
const understood = COMPOSE_CASES.filter(({ title }) => recorded[title] !== 'refused');
const refused = COMPOSE_CASES.filter(({ title }) => recorded[title] === 'refused');

test.each(understood.map((one): [string, ComposeCase] => [one.title, one]))(
  '%s as Compose does [proves 12, 13, 17, 18]',
  async (title, one) => {
    const project = await read(one);
    expect(simpleProject(project!, folder)).toEqual(recorded[title]);
  },
);

test.each(refused.map((one): [string, ComposeCase] => [one.title, one]))(
  '%s no more than Compose does, and says why in a line [proves 11, 12, 18]',
  async (_, one) => {
    const outcome = await read(one).catch((error: unknown) => error);
    // Where Compose would stop, init goes on without that part if it can, and tells it.
    const lines =
      outcome instanceof ConfigurationFailure
        ? [outcome.message]
        : (outcome as ComposeProject).reasons.map(({ text }) => text);
    expect(lines).not.toHaveLength(0);
    for (const line of lines) {
      expect(line).toMatch(/expected|twice|was not there/);
      expect(line).not.toMatch(/\n/);
    }
    if (outcome instanceof Error) expect(outcome.message).toContain(one.projectName ?? folder);
  },
);
