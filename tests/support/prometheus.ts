import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { untilListening } from '../targets/docker/engine-roads';
import { until } from './until';
import { freePort } from './free-port';

export interface PrometheusServer {
  url: string;
  /** PEM of the authority that signed its certificate, with `tls`. */
  ca?: string;
  close(): Promise<void>;
}

interface Options {
  /** Ports of exporters on loopback, scraped several times a second. */
  scrape?: number[];
  /** The whole of its configuration, in place of that. */
  config?: string;
  /** What it remembers of the past, as OpenMetrics. */
  past?: string[];
  /** Behind TLS and a password. */
  login?: { username: string; password: string };
}

/** A real Prometheus on loopback with a folder of its own; ends with the test run even when that is killed. */
export async function startPrometheus({ scrape = [], config, past, login }: Options = {}): Promise<PrometheusServer> {
  const folder = mkdtempSync(join(tmpdir(), 'spillway-prometheus-'));
  const port = await freePort();
  const targets = scrape.map((one) => `"127.0.0.1:${one}"`).join(', ');
  writeFileSync(
    join(folder, 'prometheus.yml'),
    config ??
      `global: {scrape_interval: 200ms, scrape_timeout: 200ms}
scrape_configs: [{job_name: app, static_configs: [{targets: [${targets}]}]}]\n`,
  );
  if (past) remember(folder, past);
  const server = spawn('setpriv', ['--pdeathsig', 'KILL', '--', 'prometheus', ...arguments_(folder, port, login)], {
    stdio: 'ignore',
  });
  const ended = once(server, 'exit');
  await untilListening(port);
  const url = `${login ? 'https' : 'http'}://127.0.0.1:${port}`;
  if (!login) await untilReady(url);
  return {
    url,
    ...(login && { ca: readFileSync(join(folder, 'ca.pem'), 'utf8') }),
    close: async () => {
      server.kill('SIGKILL');
      await ended;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function arguments_(folder: string, port: number, login: Options['login']): string[] {
  return [
    `--config.file=${folder}/prometheus.yml`,
    `--storage.tsdb.path=${folder}/data`,
    '--storage.tsdb.retention.time=30d',
    `--web.listen-address=127.0.0.1:${port}`,
    '--log.level=error',
    ...(login ? [`--web.config.file=${protect(folder, login)}`] : []),
  ];
}

function remember(folder: string, lines: string[]): void {
  writeFileSync(join(folder, 'past.txt'), [...lines, '# EOF', ''].join('\n'));
  const argv = ['tsdb', 'create-blocks-from', 'openmetrics', join(folder, 'past.txt'), join(folder, 'data')];
  execFileSync('promtool', argv, { stdio: 'pipe' });
}

function protect(folder: string, { username, password }: NonNullable<Options['login']>): string {
  const [key, ca, file] = ['key.pem', 'ca.pem', 'web.yml'].map((name) => join(folder, name));
  const subject = ['-subj', '/CN=prometheus', '-addext', 'subjectAltName=IP:127.0.0.1'];
  const made = [
    'req',
    '-x509',
    '-newkey',
    'rsa:2048',
    '-nodes',
    '-days',
    '2',
    ...subject,
    '-keyout',
    key!,
    '-out',
    ca!,
  ];
  execFileSync('openssl', made, { stdio: 'pipe' });
  const hash = execFileSync('htpasswd', ['-nbBC', '4', username, password], { encoding: 'utf8' }).trim();
  const [user, bcrypt] = hash.split(':');
  writeFileSync(
    file!,
    `tls_server_config: {cert_file: ${ca}, key_file: ${key}}\nbasic_auth_users: {${user}: '${bcrypt}'}\n`,
  );
  return file!;
}

async function untilReady(url: string): Promise<void> {
  const isReady = async () => {
    const answer = await fetch(`${url}/-/ready`);
    await answer.text();
    return answer.ok;
  };
  await until(isReady, { what: `${url} to be ready` });
}

export interface Exporter {
  port: number;
  /** What it says from now on, in Prometheus's text format. */
  lines: string[];
  close(): Promise<void>;
}

/** A small real exporter. */
export async function startExporter(lines: string[]): Promise<Exporter> {
  const exporter = { lines };
  const server = createServer((_, answer) => answer.end(`${exporter.lines.join('\n')}\n`));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return Object.assign(exporter, {
    port: (server.address() as AddressInfo).port,
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  });
}

/** `name{labels} value time` for each value, at equal distances in seconds; holes are left out. */
export function remembered(series: string, from: number, step: number, values: (number | string | null)[]): string[] {
  return values.flatMap((value, index) =>
    value === null ? [] : [`${series} ${value} ${Math.round(from / 1_000) + index * step}`],
  );
}
