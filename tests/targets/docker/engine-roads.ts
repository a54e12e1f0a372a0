import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { createServer as createTlsServer } from 'node:tls';
import type { TargetConfig } from '../../../domain/config';
import type { Surroundings } from '../../../targets/docker/engine';
import { until } from '../../support/until';
import { freePort } from '../../support/free-port';

/* The same engine, as if it were another machine's: over TCP, TLS and SSH on loopback. */

export interface Road {
  config: Partial<TargetConfig>;
  surroundings: Surroundings;
  close: () => void;
}

const ENGINE = '/var/run/docker.sock';

export async function overTcp(): Promise<Road> {
  const port = await freePort();
  const proxy = spawn('socat', [`TCP-LISTEN:${port},bind=127.0.0.1,reuseaddr,fork`, `UNIX-CONNECT:${ENGINE}`]);
  await untilListening(port);
  return { config: { host: `tcp://127.0.0.1:${port}` }, surroundings: { variables: {} }, close: () => end(proxy) };
}

export async function overTls(): Promise<Road> {
  const folder = mkdtempSync(join(tmpdir(), 'spillway-tls-'));
  const pem = (name: string): string => join(folder, name);
  certificates(folder);
  const read = (name: string): Buffer => readFileSync(pem(name));
  const options = {
    cert: read('server.pem'),
    key: read('server.key'),
    ca: read('ca.pem'),
    requestCert: true,
    rejectUnauthorized: true,
  };
  const proxy = createTlsServer({ ...options, allowHalfOpen: true }, (socket) => {
    const engine = connect({ path: ENGINE, allowHalfOpen: true });
    socket.on('error', () => engine.destroy()).on('close', () => engine.destroy());
    engine.on('error', () => socket.destroy()).on('close', () => socket.destroy());
    socket.pipe(engine).pipe(socket);
  });
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
  const { port } = proxy.address() as { port: number };
  const tls = { ca: pem('ca.pem'), cert: pem('client.pem'), key: pem('client.key') };
  return {
    config: { host: `tcp://127.0.0.1:${port}`, tls },
    surroundings: { variables: {} },
    close: () => {
      proxy.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** A server of its own with a key made for it; whoever runs the test is who logs in. */
export async function overSsh(options: { isKnown?: boolean; mayForward?: boolean } = {}): Promise<Road> {
  const port = await freePort();
  const folder = mkdtempSync(join(tmpdir(), 'spillway-ssh-'));
  const file = (name: string): string => join(folder, name);
  for (const name of ['host', 'user']) execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', file(name)]);
  writeFileSync(file('authorized'), readFileSync(file('user.pub')));
  const settings = {
    HostKey: file('host'),
    AuthorizedKeysFile: file('authorized'),
    ListenAddress: '127.0.0.1',
    PidFile: 'none',
    StrictModes: 'no',
    PasswordAuthentication: 'no',
    UsePAM: 'no',
    AllowStreamLocalForwarding: options.mayForward === false ? 'no' : 'yes',
  };
  const flags = Object.entries(settings).flatMap(([name, value]) => ['-o', `${name}=${value}`]);
  execFileSync('mkdir', ['-p', '/run/sshd', file('.ssh')]);
  const [type, key] = readFileSync(file('host.pub'), 'utf8').split(' ');
  if (options.isKnown !== false) writeFileSync(file('.ssh/known_hosts'), `[127.0.0.1]:${port} ${type} ${key}\n`);
  const server = spawn('/usr/sbin/sshd', ['-D', '-f', '/dev/null', '-p', String(port), ...flags]);
  await untilListening(port);
  return {
    config: { host: `ssh://${userInfo().username}@127.0.0.1:${port}` },
    surroundings: { sshKey: readFileSync(file('user'), 'utf8'), variables: { HOME: folder } },
    close: () => {
      end(server);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function certificates(folder: string): void {
  const openssl = (...args: string[]): void => void execFileSync('openssl', args, { cwd: folder, stdio: 'pipe' });
  const day = ['-days', '1'];
  openssl(
    'req',
    '-x509',
    '-newkey',
    'rsa:2048',
    '-nodes',
    '-keyout',
    'ca.key',
    '-out',
    'ca.pem',
    '-subj',
    '/CN=test-ca',
    ...day,
  );
  writeFileSync(join(folder, 'names'), 'subjectAltName=IP:127.0.0.1\n');
  for (const name of ['server', 'client']) {
    openssl(
      'req',
      '-newkey',
      'rsa:2048',
      '-nodes',
      '-keyout',
      `${name}.key`,
      '-out',
      `${name}.csr`,
      '-subj',
      `/CN=${name}`,
    );
    openssl(
      'x509',
      '-req',
      '-in',
      `${name}.csr`,
      '-CA',
      'ca.pem',
      '-CAkey',
      'ca.key',
      '-CAcreateserial',
      '-out',
      `${name}.pem`,
      '-extfile',
      'names',
      ...day,
    );
  }
}

export async function untilListening(port: number): Promise<void> {
  const isOpen = () =>
    new Promise<boolean>((resolve) => {
      const socket = connect(port, '127.0.0.1');
      socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
      socket.once('connect', () => socket.destroy());
    });
  await until(isOpen, { what: `somebody to listen on ${port}` });
}

function end(child: ChildProcess): void {
  child.kill('SIGTERM');
}
