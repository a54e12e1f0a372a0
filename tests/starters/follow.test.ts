import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { untilPrinted } from '../support/printed';
import { TASK_QUEUE } from '../support/release-world';
import { sharedTemporal } from '../support/shared-temporal';
import type { UsedTemporal } from '../support/shared-temporal';
import { createProject } from './project';
import type { Project } from './project';

jest.setTimeout(300_000);

const ROOT = join(__dirname, '../..');
const PRELOAD = ['-r', join(ROOT, 'tests/support/typescript.js')];
let temporal: UsedTemporal;
let project: Project;
let worker: ChildProcess | undefined;

beforeAll(async () => {
  temporal = await sharedTemporal();
  await startWorker();
});
afterAll(async () => {
  worker?.kill('SIGKILL');
  await temporal?.stop();
});
beforeEach(async () => {
  project = await createProject({ TEMPORAL_ADDRESS: temporal.address, SPILLWAY_TASK_QUEUE: TASK_QUEUE });
  await project.configure({ approve: { required: true } });
});
afterEach(() => project.remove());

async function startWorker(): Promise<void> {
  const program = [process.execPath, ...PRELOAD, join(__dirname, 'fake-worker.ts')];
  worker = spawn('setpriv', ['--pdeathsig', 'KILL', '--', ...program], {
    env: { ...process.env, TEMPORAL_ADDRESS: temporal.address, SPILLWAY_TASK_QUEUE: TASK_QUEUE },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await once(worker.stdout!, 'data');
}

async function killWorker(): Promise<void> {
  const ended = once(worker!, 'exit');
  worker!.kill('SIGKILL');
  await ended;
}

it('follows on when the only worker is killed and another one takes over', async () => {
  const release = project.start(['release', '-e', 'production']);
  await release.until('waiting for approval');
  await killWorker();
  await release.until(/no worker answers since .*; waiting for it/);
  await startWorker();
  await release.until('it answers again');
  expect((await project.run('approve', '-e', 'production')).code).toBe(0);
  const { code, stdout } = await release.ended;
  expect(code).toBe(0);
  expect(stdout.match(/waiting for approval/g)).toHaveLength(1);
  expect(stdout).toMatch(/1\.1\.0 → production: released/);
});

/** Runs a command at a terminal, types what the test says, and answers what was seen at the end. */
async function atTerminal(argv: string[], talk: (terminal: Terminal) => Promise<void>): Promise<string> {
  const program = [process.execPath, ...PRELOAD, join(ROOT, 'starters/spillway.ts'), ...argv].join(' ');
  const env = {
    ...process.env,
    CI: '',
    TERM: 'xterm',
    TEMPORAL_ADDRESS: temporal.address,
    SPILLWAY_TASK_QUEUE: TASK_QUEUE,
  };
  const child = spawn('script', ['-qfec', `stty cols 110 rows 40; exec ${program}`, '/dev/null'], {
    cwd: project.directory,
    env: { ...env, SPILLWAY_WHO: 'tester' },
  });
  let seen = '';
  child.stdout.on('data', (data: Buffer) => (seen += data.toString()));
  const ended = once(child, 'close');
  const giveUp = setTimeout(() => child.kill(), 300_000);
  const until = (text: string) => untilPrinted(child, () => seen, text);
  await talk({ until, type: (text) => void child.stdin.write(text) });
  await ended;
  clearTimeout(giveUp);
  return seen;
}

interface Terminal {
  until(text: string): Promise<void>;
  type(text: string): void;
}
const CTRL_C = '\u0003';

describe('at a terminal', () => {
  it('asks whether it is meant, draws a picture in place, and Ctrl-C may abort', async () => {
    const seen = await atTerminal(['release', '-e', 'production'], async ({ until, type }) => {
      await until('(y/N)');
      type('y\r');
      await until('waiting for approval');
      type(CTRL_C);
      await until('(a)bort');
      type('a\r');
    });
    expect(seen).toContain('\u001b[J');
    expect(seen).toContain('abort was accepted');
    expect(seen).toMatch(/production\u001b\[22m: \u001b\[33mrolled back/);
  });

  it('changes nothing when it was not meant', async () => {
    const seen = await atTerminal(['release', '-e', 'production'], async ({ until, type }) => {
      await until('(y/N)');
      type('\r');
    });
    expect(seen).toContain('nothing was changed');
    expect((await project.run('watch', '-e', 'production')).stderr).toContain('seen none');
  });

  it('detaches at the second Ctrl-C, and the release goes on', async () => {
    const seen = await atTerminal(['release', '-e', 'production', '--yes'], async ({ until, type }) => {
      await until('waiting for approval');
      type(CTRL_C);
      await until('(d)etach');
      type(CTRL_C);
    });
    expect(seen).toContain('detached; the release goes on by itself');
    expect((await project.run('approve', '-e', 'production')).code).toBe(0);
    expect((await project.run('watch', '-e', 'production')).code).toBe(0);
  });
});
