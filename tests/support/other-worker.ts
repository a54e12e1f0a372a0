import { randomBytes } from 'node:crypto';
import type { ExecResult, Host } from '../../domain/host';
import { io, type RouterWorld } from './router-world';

/**
 * The host as a worker sees it that runs in a container on the host's network: the folder that it shares, a `/tmp` of
 * its own, and no other file of the host. `--user` and more folders make it other workers.
 */
export async function openContained(
  world: RouterWorld,
  shared: string,
  ...more: string[]
): Promise<{ host: Host; close: () => Promise<unknown> }> {
  const name = `contained-worker-${randomBytes(4).toString('hex')}`;
  const options = ['-d', '--name', name, '--network', 'host', '--user', '0:0', '-v', `${shared}:${shared}`, ...more];
  await world.docker('run', ...options, '--entrypoint', 'sleep', 'spillway/socat:local', '100000');
  const { host } = world.target;
  const run = (argv: string[]): Promise<ExecResult> => host.execInContainer(name, argv, io);
  const shell = async (script: string, ...args: string[]): Promise<string> => {
    const { exitCode, stdout, stderr } = await run(['sh', '-c', script, 'sh', ...args]);
    if (exitCode !== 0) throw new Error(`${script}: ${stderr}`);
    return stdout;
  };
  const contained: Host = Object.assign(Object.create(host) as Host, {
    run,
    readFile: async (path: string) => {
      const isThere = (await run(['test', '-e', path])).exitCode === 0;
      return isThere ? shell('cat "$1"', path) : undefined;
    },
    writeFile: (path: string, text: string) => shell('mkdir -p "$(dirname "$1")"; printf %s "$2" >"$1"', path, text),
    removeFile: (path: string) => shell('rm -f "$1"', path),
    listFiles: async (path: string) =>
      (await shell('[ -d "$1" ] || exit 0; ls -A "$1"', path)).split('\n').filter(Boolean).sort(),
  });
  return { host: contained, close: () => world.docker('rm', '-f', name).catch(() => undefined) };
}
