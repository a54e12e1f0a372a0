import { randomBytes } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { registerAll } from '../../starters/spillway';
import { startCommand } from '../support/command-process';
import type { CommandOptions, Ran, Running } from '../support/command-process';
import { command } from '../support/in-process';

/** A folder with a `spillway.yaml` of an app that only this test knows. */
export interface Project {
  app: string;
  directory: string;
  /** Settings beside `version`, `app` and `services`. */
  configure(settings: object): Promise<void>;
  write(file: string, text: string): Promise<void>;
  read(file: string): Promise<string>;
  /** Runs `spillway NAME ARGUMENTS` in this process: to start one takes longer than most commands do. */
  run(name: string, ...argv: string[]): Promise<Ran>;
  /** Starts it as a process of its own. */
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
    run: async (name, ...argv) => {
      const before = { ...process.env };
      // `CI`: a terminal of whoever runs the tests must not be asked anything.
      Object.assign(process.env, { CI: '1', SPILLWAY_WHO: 'tester' }, env);
      const ran = command(registerAll, name, '-f', join(directory, 'spillway.yaml'), ...argv);
      const { exitCode: code, stdout, stderr } = await ran.finally(() => (process.env = before));
      return { code, stdout, stderr };
    },
    start: (argv, more) => startCommand(argv, options(more)),
    remove: () => rm(directory, { recursive: true, force: true }),
  };
}
