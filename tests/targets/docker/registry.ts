import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { docker } from './fixture';
import { untilListening } from './engine-roads';
import { freePort } from '../../support/free-port';

/** A real image registry on loopback, which asks for a password when it is told one. */
export interface Registry {
  /** `127.0.0.1:PORT`, which the engine accepts without TLS. */
  address: string;
  /** Pushes a local image as `REPOSITORY:TAG`, takes the local name away again, and answers the digest. */
  push: (source: string, repository: string, tag: string) => Promise<string>;
  close: () => void;
}

export async function startRegistry(login?: { username: string; password: string }): Promise<Registry> {
  const folder = mkdtempSync(join(tmpdir(), 'spillway-registry-'));
  const port = await freePort();
  const address = `127.0.0.1:${port}`;
  writeFileSync(join(folder, 'config.yml'), configuration(folder, address, login));
  const server = spawn('docker-registry', ['serve', join(folder, 'config.yml')], { stdio: 'ignore' });
  await untilListening(port);
  return {
    address,
    push: (source, repository, tag) => push(source, `${address}/${repository}`, tag, login),
    close: () => {
      server.kill('SIGKILL');
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function configuration(folder: string, address: string, login?: { username: string; password: string }): string {
  const lines = [
    'version: 0.1',
    'log: {level: error}',
    `storage: {filesystem: {rootdirectory: ${folder}/data}}`,
    `http: {addr: "${address}"}`,
  ];
  if (login) {
    const entry = execFileSync('htpasswd', ['-nbB', login.username, login.password], { encoding: 'utf8' });
    writeFileSync(join(folder, 'htpasswd'), entry.trim() + '\n');
    lines.push(`auth: {htpasswd: {realm: test, path: ${folder}/htpasswd}}`);
  }
  return lines.join('\n') + '\n';
}

async function push(source: string, repo: string, tag: string, authconfig: object = {}): Promise<string> {
  await docker.getImage(source).tag({ repo, tag });
  const image = docker.getImage(`${repo}:${tag}`);
  const stream = await image.push({ authconfig: authconfig as never });
  const digest = await new Promise<string>((resolve, reject) => {
    docker.modem.followProgress(stream, (error, events: { aux?: { Digest?: string }; error?: string }[]) => {
      const failed = error ?? events.find((event) => event.error);
      if (failed) reject(new Error(JSON.stringify(failed)));
      else resolve(events.find(({ aux }) => aux?.Digest)!.aux!.Digest!);
    });
  });
  await image.remove();
  return digest;
}
