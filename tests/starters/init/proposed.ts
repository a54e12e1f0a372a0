import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { parse } from 'yaml';
import { registerInit } from '../../../starters/init';
import { registerValidate } from '../../../starters/validate';
import { command } from '../../support/in-process';

/** Runs each test in an empty folder `shop`. */
export function inFolder(): void {
  const home = process.cwd();
  let directory: string;
  beforeEach(() => {
    directory = join(mkdtempSync(join(tmpdir(), 'spillway-proposed-')), 'shop');
    mkdirSync(directory);
    process.chdir(directory);
  });
  afterEach(() => {
    process.chdir(home);
    rmSync(dirname(directory), { recursive: true, force: true });
  });
}

export type Service = Record<string, unknown>;

export function put(files: Record<string, string>): void {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
  }
}

/** Writes the files and runs `init`, whose proposal must be valid. @param compose undefined for no Compose file */
export async function proposed(compose?: string, files: Record<string, string> = {}, ...options: string[]) {
  put({ ...(compose !== undefined && { 'compose.yaml': compose }), ...files });
  const said = await command(registerInit, 'init', ...options);
  expect(said).toMatchObject({ exitCode: 0 });
  expect(await command(registerValidate, 'validate')).toMatchObject({ exitCode: 0 });
  const text = readFileSync('spillway.yaml', 'utf8');
  return { services: (parse(text) as { services: Record<string, Service> }).services, asked: said.stderr, text };
}
