import { execFileSync } from 'node:child_process';
import { resolve } from 'node:path';

const SCRIPT = resolve(__dirname, '../../scripts/images.sh');
const NAMES = ['busybox', 'node', 'haproxy', 'nginx', 'socat'];

const docker = (...args: string[]): string => execFileSync('docker', args, { encoding: 'utf8' }).trim();
const inImage = (name: string, ...command: string[]): string =>
  docker('run', '--rm', '--read-only', '--user', '12345:12345', `spillway/${name}:local`, ...command);

beforeAll(() => {
  execFileSync(SCRIPT);
}, 300_000);

test('a second run builds nothing', () => {
  const ids = () => docker('image', 'inspect', '--format', '{{.Id}}', ...NAMES.map((name) => `spillway/${name}:local`));
  const before = ids();
  execFileSync(SCRIPT);
  expect(ids()).toBe(before);
}, 300_000);

test('each does its work as any user, with a root that is read-only', () => {
  expect(inImage('busybox', 'sh', '-c', 'id -u')).toBe('12345');
  expect(inImage('node', '-p', 'process.getuid()')).toBe('12345');
  expect(inImage('haproxy', 'haproxy', '-v')).toContain('HAProxy version');
  expect(inImage('haproxy', 'sh', '-c', 'echo x | cat')).toBe('x');
  expect(inImage('nginx', 'sh', '-c', 'nginx -v 2>&1')).toContain('nginx version');
  expect(inImage('socat', 'sh', '-c', 'echo x | socat - EXEC:cat')).toBe('x');
}, 300_000);

test('none runs as root unless told to', () => {
  for (const name of NAMES) {
    expect(docker('image', 'inspect', '--format', '{{.Config.User}}', `spillway/${name}:local`)).toBe('10001:10001');
  }
}, 300_000);
