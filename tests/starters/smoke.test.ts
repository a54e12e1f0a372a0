import { once } from 'node:events';
import { createServer } from 'node:http';
import type { RequestListener, Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { registerAll } from '../../starters/spillway';
import { command } from '../support/in-process';
import { createProject } from './project';
import type { Project } from './project';
import { freePort } from '../support/free-port';

let server: Server;
let url: string;
let asked: string[];
let answer: RequestListener;
let project: Project;

beforeAll(async () => {
  project = await createProject({});
  server = createServer((request, response) => {
    asked.push(`${request.method} ${request.url}`);
    answer(request, response);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(async () => {
  server.closeAllConnections();
  server.close();
  await project.remove();
});
beforeEach(() => {
  asked = [];
  answer = (_request, response) => response.end('{"database":{"status":"healthy"}}');
});

const smoke = (...more: string[]) => command(registerAll, 'smoke', '--url', url, ...more);
const withFile = (...more: string[]) => smoke('-f', `${project.directory}/spillway.yaml`, '-e', 'production', ...more);

describe('smoke against any URL (D8)', () => {
  it('passes when every path answers, without any configuration [proves D8]', async () => {
    const { exitCode, stdout } = await smoke('--path', '/health', '--path', '/ready', '--json');
    expect(exitCode).toBe(0);
    const report = JSON.parse(stdout) as { checks: object[] };
    expect(report).toMatchObject({ ok: true, rounds: 1, failedRounds: 0 });
    expect(report.checks).toEqual([
      expect.objectContaining({
        name: '/health',
        url: `${url}/health`,
        ok: true,
        latency: expect.any(Number) as number,
      }),
      expect.objectContaining({ name: '/ready', ok: true }),
    ]);
  });

  it('asks below the path of the URL', async () => {
    await command(registerAll, 'smoke', '--url', `${url}/app/`, '--path', '/health');
    expect(asked).toEqual(['GET /app/health']);
  });

  it('fails with 1 and says what was expected and seen [proves D8]', async () => {
    answer = (_request, response) => response.writeHead(503).end('no database');
    const { exitCode, stdout } = await smoke('--path', '/health');
    expect(exitCode).toBe(1);
    expect(stdout).toContain('expected status 200, seen 503 ("no database")');
  });

  it('fails an answer that is slower than allowed [proves D8]', async () => {
    answer = (_request, response) => void setTimeout(() => response.end('ok'), 150);
    const { exitCode, stdout } = await smoke('--path', '/', '--max-latency', '50ms');
    expect(exitCode).toBe(1);
    expect(stdout).toContain('expected an answer within 50 ms');
  });

  it('gives up on a URL that hangs, before or within its answer, with 69 or 1', async () => {
    answer = () => undefined;
    const silent = await smoke('--path', '/', '--timeout', '200ms', '--json');
    expect(silent.exitCode).toBe(69);
    expect(JSON.parse(silent.stdout)).toMatchObject({ ok: false, checks: [{ answered: false }] });
    answer = (_request, response) => void response.writeHead(200).write('half of');
    expect((await smoke('--path', '/', '--timeout', '200ms')).stdout).toContain('none in 200 ms');
  });

  it('ends with 69 where nothing listens', async () => {
    const { exitCode, stdout } = await command(
      registerAll,
      ...['smoke', '--url', `http://127.0.0.1:${await freePort()}`, '--path', '/'],
    );
    expect(exitCode).toBe(69);
    expect(stdout).toContain('expected an answer within 2 s, seen ECONNREFUSED');
  });
});

describe('smoke with the checks of a configuration', () => {
  const checks = [
    { service: 'web', path: '/deep', json: { 'database.status': 'healthy' } },
    { service: 'web', path: '/primary', fallback: '/backup', name: 'health' },
  ];

  it('judges JSON fields, and asks the fallback when the primary does not pass [proves D8]', async () => {
    await project.configure({ smoke: { checks } });
    answer = ({ url: path }, response) =>
      path === '/primary' ? response.writeHead(500).end() : response.end('{"database":{"status":"healthy"}}');
    const { exitCode, stdout } = await withFile();
    expect(exitCode).toBe(0);
    expect(stdout).toContain('/backup passed, /primary did not');
    answer = (_request, response) => response.end('{"database":{"status":"degraded"}}');
    const degraded = await withFile();
    expect(degraded.exitCode).toBe(1);
    expect(degraded.stdout).toContain('expected database.status to be "healthy", seen "degraded"');
  });

  it('sends the secrets of headers, found where it runs, and shows none of them', async () => {
    await project.write('authorization', 'Bearer smoke-t0ken\n');
    const headers = { Authorization: { file: 'authorization' } };
    await project.configure({ smoke: { checks: [{ service: 'web', path: '/private', headers }] } });
    answer = (request, response) => {
      const isRight = request.headers.authorization === 'Bearer smoke-t0ken';
      return response.writeHead(isRight ? 403 : 401).end(`not ${request.headers.authorization}`);
    };
    const { exitCode, stdout, stderr } = await withFile();
    expect(exitCode).toBe(1);
    expect(stdout).toContain('expected status 200, seen 403 ("not [redacted]")');
    expect(stdout + stderr).not.toContain('smoke-t0ken');
  });

  it('ends with 64 when such a secret is not there', async () => {
    const headers = { Authorization: { env: 'NO_SUCH_VARIABLE' } };
    await project.configure({ smoke: { checks: [{ service: 'web', path: '/private', headers }] } });
    const { exitCode, stderr } = await withFile();
    expect(exitCode).toBe(64);
    expect(stderr).toContain('expected a value in secret { env: NO_SUCH_VARIABLE }, seen none');
    expect(asked).toEqual([]);
  });

  it('watches, forgives a hiccup, and fails after so many failed rounds in a row [proves D7, D8]', async () => {
    await project.configure({ smoke: { checks: checks.slice(0, 1) } });
    const failing = (rounds: (round: number) => boolean): void => {
      let round = 0;
      answer = (_request, response) =>
        rounds(++round) ? response.writeHead(500).end() : response.end('{"database":{"status":"healthy"}}');
    };
    const watch = (time: string) => ['--watch', time, '--interval', '10ms', '--failures', '3', '--json'];
    failing((round) => round === 2);
    const hiccup = await withFile(...watch('2s'));
    expect(hiccup.exitCode).toBe(0);
    expect(JSON.parse(hiccup.stdout)).toMatchObject({ ok: true, failedRounds: 1 });
    failing((round) => round > 3);
    const broken = await withFile(...watch('4m'));
    expect(broken.exitCode).toBe(1);
    expect(JSON.parse(broken.stdout)).toMatchObject({ ok: false, rounds: 6, failedRounds: 3 });
  });
});
