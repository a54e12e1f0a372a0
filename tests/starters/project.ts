import { randomBytes } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { command, startCommand } from '../support/command-process';
import type { CommandOptions, Ran, Running } from '../support/command-process';

/** A folder with a `spillway.yaml` of an app that only this test knows. */
export interface Project {
  app: string;
  directory: string;
  /** Settings beside `version`, `app` and `services`. */
  configure(settings: object): Promise<void>;
  write(file: string, text: string): Promise<void>;
  read(file: string): Promise<string>;
  run(...argv: string[]): Promise<Ran>;
  start(argv: string[], options?: CommandOptions): Running;
  remove(): Promise<void>;
}

/** @param env variables of the commands that run in it, such as `TEMPORAL_ADDRESS` */
export async function createProject(env: Record<string, string>): Promise<Project> {
  const directory = await mkdtemp(join(tmpdir(), 'spillway-project-'));
  const app = `fx-${randomBytes(4).toString('hex')}`;
  const write = (file: string, text: string): Promise<void> => writeFile(join(directory, file), text);
  const configure = (settings: object): Promise<void> => {
    const services = { web: { image: 'fx-web', port: 8080, routes: [{ port: 80 }] } };
    const environments = { production: {}, staging: {} };
    return write('spillway.yaml', stringify({ version: 1, app, services, environments, ...settings }));
  };
  await configure({});
  await write('VERSION', '1.1.0\n');
  const options = (more: CommandOptions = {}): CommandOptions => ({
    cwd: directory,
    ...more,
    env: { ...env, ...more.env },
  });
  return {
    app,
    directory,
    configure,
    write,
    read: (file) => readFile(join(directory, file), 'utf8'),
    run: (...argv) => command(argv, options()),
    start: (argv, more) => startCommand(argv, options(more)),
    remove: () => rm(directory, { recursive: true, force: true }),
  };
}
