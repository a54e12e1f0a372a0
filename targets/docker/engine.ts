import { readFileSync } from 'node:fs';
import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { isNativeError } from 'node:util/types';
import Docker from 'dockerode';
import type { TargetConfig } from '../../domain/config';
import { ConfigurationFailure, UnreachableFailure } from '../../domain/failures';
import type { Io } from '../../domain/host';
import { SshAgent } from './ssh';
import { TimeUp, within } from '../../waiting/within';

export interface Surroundings {
  /** Content of a private key for an `ssh://` host. */
  sshKey?: string;
  variables: Record<string, string | undefined>;
}

const CALL_MS = 60_000;
const DEFAULT_SOCKET = 'unix:///var/run/docker.sock';

const UNREACHABLE = new Set([
  'EACCES',
  'ECONNREFUSED',
  'ECONNRESET',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOENT',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EPIPE',
  'EPROTO',
  'ETIMEDOUT',
]);

/** Answers undefined for errors other than refusals. Statuses are stable across engines, messages are not. */
export function statusOf(error: unknown): number | undefined {
  const status = (error as { statusCode?: unknown } | null)?.statusCode;
  return typeof status === 'number' ? status : undefined;
}

/** Turns a refusal with one of these statuses, such as "gone" or "done already", into undefined. */
export function unless(...statuses: number[]): (error: unknown) => undefined {
  return (error) => {
    if (!statuses.includes(statusOf(error) ?? 0)) throw error;
    return undefined;
  };
}

/** Drops docker-modem's prefix such as `(HTTP code 500) server error - `. */
export function reasonOf(error: unknown): string {
  const said = (error as { json?: { message?: unknown } } | null)?.json?.message;
  if (typeof said === 'string' && said.trim()) return said.trim();
  if (!isNativeError(error)) return String(error);
  const [, status, reason] = /^\(HTTP code (\d+)\) .*? - *(.*)$/s.exec(error.message) ?? [];
  if (status === undefined) return error.message.trim();
  return reason?.trim() || `status ${status} without a reason; see the log of the engine`;
}

/** dockerode takes these options out before it builds the URL. */
export interface Abort {
  abortSignal: AbortSignal;
}

export class DockerEngine {
  private sameMachine: Promise<boolean> | undefined;

  constructor(
    readonly docker: Docker,
    readonly address: string,
    private readonly disconnect: () => void,
  ) {}

  /**
   * @param limitMs null for build and pull, which have no limit. A stream must be read inside of `work`.
   * @throws UnreachableFailure when no engine answers; dockerode's error with `statusCode` when it refuses.
   */
  async call<T>(
    io: Io,
    work: (docker: Docker, abort: Abort) => Promise<T>,
    limitMs: number | null = CALL_MS,
  ): Promise<T> {
    try {
      return await within({ signal: io.signal, limit: limitMs }, (signal) =>
        work(this.docker, { abortSignal: opaque(signal) }),
      );
    } catch (error) {
      io.signal.throwIfAborted();
      throw error instanceof TimeUp ? this.unreachable(error.message, error) : this.named(error);
    }
  }

  /** The machine's name tells: a worker in a container and an engine in a virtual machine have other names. */
  isSameMachine(io: Io): Promise<boolean> {
    if (!this.address.startsWith('unix://')) return Promise.resolve(false);
    this.sameMachine ??= this.call(io, (docker) => docker.info()).then(
      (info: { Name: string }) => info.Name === hostname(),
      (error: unknown) => {
        this.sameMachine = undefined;
        throw error;
      },
    );
    return this.sameMachine;
  }

  close(): void {
    this.disconnect();
  }

  private named(error: unknown): unknown {
    if (!isNativeError(error)) return error;
    if (statusOf(error) !== undefined) {
      error.message = reasonOf(error);
      return error;
    }
    const { code, level } = error as Error & { code?: string; level?: string };
    const hungUp = error.message === 'socket hang up';
    if (
      hungUp ||
      level?.startsWith('client-') ||
      (code && (UNREACHABLE.has(code) || /^ERR_(TLS|SSL|OSSL)/.test(code)))
    ) {
      return this.unreachable(code ? `${code} (${error.message})` : error.message, error);
    }
    return error;
  }

  private unreachable(seen: string, cause: unknown): UnreachableFailure {
    return new UnreachableFailure(
      `expected a Docker engine at ${this.address}, seen ${seen}: start it, or correct \`target.host\` or DOCKER_HOST`,
      { cause },
    );
  }
}

export function connectEngine(config: Pick<TargetConfig, 'host' | 'tls'>, surroundings: Surroundings): DockerEngine {
  const { variables } = surroundings;
  const address = config.host ?? variables.DOCKER_HOST ?? DEFAULT_SOCKET;
  const url = parseAddress(address);
  switch (url.protocol) {
    case 'unix:': {
      const agent = new HttpAgent({ keepAlive: true });
      const options = { socketPath: decodeURIComponent(url.pathname), protocol: 'http' as const, agent };
      return new DockerEngine(dockerWith(options), address, () => agent.destroy());
    }
    case 'tcp:':
      return overTcp(url, address, config, surroundings);
    case 'ssh:': {
      const agent = new SshAgent(url, surroundings);
      return new DockerEngine(dockerWith({ host: 'localhost', protocol: 'http', agent }), address, () =>
        agent.destroy(),
      );
    }
    default:
      throw new ConfigurationFailure(
        `expected unix://PATH, tcp://HOST:PORT or ssh://USER@HOST in \`target.host\` or DOCKER_HOST, seen ${address}`,
      );
  }
}

function parseAddress(address: string): URL {
  if (URL.canParse(address)) return new URL(address);
  throw new ConfigurationFailure(`expected a URL such as tcp://10.0.0.5:2376 in \`target.host\`, seen "${address}"`);
}

function overTcp(
  url: URL,
  address: string,
  config: Pick<TargetConfig, 'tls'>,
  { variables }: Surroundings,
): DockerEngine {
  const tls = config.tls ?? tlsOf(variables);
  const agent = tls ? new HttpsAgent({ keepAlive: true }) : new HttpAgent({ keepAlive: true });
  const docker = dockerWith({
    host: url.hostname,
    port: Number(url.port) || (tls ? 2376 : 2375),
    protocol: tls ? 'https' : 'http',
    agent,
    ...(tls && { ca: readPem(tls.ca), cert: readPem(tls.cert), key: readPem(tls.key) }),
  });
  return new DockerEngine(docker, address, () => agent.destroy());
}

/** The Docker client's own variables apply when `target.tls` is absent. */
function tlsOf(variables: Surroundings['variables']): TargetConfig['tls'] {
  if (!variables.DOCKER_TLS_VERIFY) return undefined;
  const folder = variables.DOCKER_CERT_PATH ?? join(variables.HOME ?? '', '.docker');
  return { ca: join(folder, 'ca.pem'), cert: join(folder, 'cert.pem'), key: join(folder, 'key.pem') };
}

function readPem(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw new ConfigurationFailure(
      `expected a PEM file at ${path} for the engine's TLS, seen ${(error as Error).message}`,
    );
  }
}

/** docker-modem formats all options of a request for a debug text. With an agent, that takes a worker seconds. */
function opaque<T extends object>(object: T): T {
  return Object.defineProperty(object, inspect.custom, { value: () => '[not shown]', configurable: true });
}

/** docker-modem fills absent fields from DOCKER_HOST, so every field is set. */
function dockerWith(options: Docker.DockerOptions & { agent: object }): Docker {
  const nothing = {
    socketPath: undefined,
    host: undefined,
    port: undefined,
    ca: undefined,
    cert: undefined,
    key: undefined,
  };
  return new Docker({ ...nothing, pathPrefix: '/', ...options, agent: opaque(options.agent) } as Docker.DockerOptions);
}
