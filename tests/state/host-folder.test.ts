import { spawn, type ChildProcess } from 'node:child_process';
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { archiveDirectory, environmentDirectory } from '../../domain/names';
import { HostArchive } from '../../state/host-folder/archive';
import { HostFolder } from '../../state/host-folder/host-folder';
import { stateOn } from '../../state/open';
import { NO_ARCHIVE } from './no-archive';
import type { State } from '../../state/state';
import { localAccess } from '../../targets/docker/host-local';
import { until } from '../support/until';
import { claimant, io, keepsTheContract } from './contract';

const scope = { app: 'shop', environment: 'production' };
const started: ChildProcess[] = [];
let directory: string;

async function makeDirectory(): Promise<void> {
  directory = await mkdtemp(join(tmpdir(), 'spillway-state-'));
}

async function removeDirectory(): Promise<void> {
  for (const { pid } of started.splice(0)) killGroup(pid!);
  await rm(directory, { recursive: true, force: true });
}

const folder = (): string => environmentDirectory({ stateDirectory: directory }, scope);
const state = (): State => {
  const archive = archiveDirectory({ stateDirectory: directory }, scope);
  return stateOn(new HostFolder(localAccess, folder()), new HostArchive(localAccess, { directory: folder(), archive }));
};

describe('a folder of the host', () => {
  keepsTheContract(async () => {
    await makeDirectory();
    return { open: () => new HostFolder(localAccess, folder()), close: removeDirectory };
  });

  describe('with workers that are processes of their own', () => {
    beforeEach(makeDirectory);
    afterEach(removeDirectory);

    it.each(['before it reads', 'after it read', 'after it wrote'])(
      'never gives the environment back to one that was suspended %s',
      async (moment) => {
        await state().fence.take(claimant('first', 1), io);
        const late = taker('frozen', 2, moment);
        await until(() => isStopped(late.process.pid!));
        await state().fence.take(claimant('later', 3), io);
        late.process.kill('SIGCONT');
        expect(await late.outcome).toBe(moment === 'after it wrote' ? 'taken' : 'OutdatedFailure');
        expect(await state().fence.holder(io)).toEqual({ id: 'later', generation: 3 });
        await expect(state().fence.expectHeld(claimant('frozen', 2), io)).rejects.toThrow('this step is late');
      },
    );

    it('waits for one that was suspended with the lock, and then takes the environment from it', async () => {
      await state().fence.take(claimant('first', 1), io);
      const { late, pid } = await takerWithLock();
      const later = state().fence.take(claimant('later', 3), io);
      process.kill(pid, 'SIGCONT');
      await later;
      expect(await late.outcome).toBe('taken');
      expect(await state().fence.holder(io)).toEqual({ id: 'later', generation: 3 });
    });

    it('has its lock freed by the kernel when the one who holds it is killed', async () => {
      await state().fence.take(claimant('first', 1), io);
      const { late } = await takerWithLock();
      killGroup(late.process.pid!);
      await state().fence.take(claimant('later', 2), io);
      expect(await state().fence.holder(io)).toEqual({ id: 'later', generation: 2 });
    });

    it('says who to end when the lock is not given back', async () => {
      await state().fence.take(claimant('first', 1), io);
      await takerWithLock();
      const impatient = stateOn(new HostFolder(localAccess, folder(), 300), NO_ARCHIVE);
      await expect(impatient.fence.take(claimant('later', 3), io)).rejects.toMatchObject({
        name: 'UnreachableFailure',
        message: expect.stringContaining(`fuser ${folder()}/lock`) as string,
      });
    });
  });
});

/** Takes the environment in a process, and in a group of processes, of its own. */
function taker(id: string, generation: number, moment: string, path = process.env.PATH) {
  const argv = ['-r', join(__dirname, '../support/typescript.js'), join(__dirname, 'frozen-taker.ts')];
  const child = spawn(process.execPath, [...argv, directory, id, String(generation), moment], {
    env: { ...process.env, PATH: path },
    stdio: ['ignore', 'pipe', 'inherit'],
    detached: true,
  });
  started.push(child);
  let said = '';
  child.stdout.on('data', (chunk) => (said += String(chunk)));
  const outcome = new Promise<string>((resolve) => child.once('close', () => resolve(said.trim())));
  return { process: child, outcome };
}

/** One whose program on the host stops between its comparison and its write, with the lock. */
async function takerWithLock() {
  const mv = join(directory, 'mv');
  const pidFile = join(directory, 'stopped');
  await writeFile(mv, `#!/bin/sh\necho $$ >"${pidFile}"\nkill -STOP $$\nexec /bin/mv "$@"\n`);
  await chmod(mv, 0o755);
  const late = taker('frozen', 2, 'never', `${directory}:${process.env.PATH}`);
  await until(async () => isStopped(Number(await readFile(pidFile, 'utf8').catch(() => '0'))));
  return { late, pid: Number(await readFile(pidFile, 'utf8')) };
}

async function isStopped(pid: number): Promise<boolean> {
  const status = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  return status.split(') ').at(-1)?.startsWith('T') ?? false;
}

function killGroup(pid: number): void {
  try {
    process.kill(-pid, 'SIGKILL');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}
