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

/** What the worker gives a target of its own surroundings, because only workers read their environment. */
export interface Surroundings {
  /** Content of a private key for an `ssh://` host. */
  sshKey?: string;
  /** `DOCKER_HOST`, `DOCKER_TLS_VERIFY`, `DOCKER_CERT_PATH`, `DOCKER_CONFIG`, `SSH_AUTH_SOCK`, `HOME`, `PATH`. */
  variables: Record<string, string | undefined>;
}

/** Longest that the engine may take for an ordinary answer. */
const CALL_MS = 60_000;
const DEFAULT_SOCKET = 'unix:///var/run/docker.sock';

/** Error codes of a connection, as opposed to an answer with a status. */
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

/** The HTTP status the engine refused with; undefined for any other error. Messages change between engines, this does not. */
export function statusOf(error: unknown): number | undefined {
  const status = (error as { statusCode?: unknown } | null)?.statusCode;
  return typeof status === 'number' ? status : undefined;
}

/** Takes an answer with one of these statuses for `undefined`: what was asked for is done already, or gone. */
export function unless(...statuses: number[]): (error: unknown) => undefined {
  return (error) => {
    if (!statuses.includes(statusOf(error) ?? 0)) throw error;
    return undefined;
  };
}

/** What the engine said when it refused, without docker-modem's frame around it: `(HTTP code 500) server error - `. */
export function reasonOf(error: unknown): string {
  const said = (error as { json?: { message?: unknown } } | null)?.json?.message;
  if (typeof said === 'string' && said.trim()) return said.trim();
  if (!isNativeError(error)) return String(error);
  const [, status, reason] = /^\(HTTP code (\d+)\) .*? - *(.*)$/s.exec(error.message) ?? [];
  if (status === undefined) return error.message.trim();
  return reason?.trim() || `status ${status} without a reason; see the log of the engine`;
}

/** Options of one call: dockerode takes them out before it builds the URL. */
export interface Abort {
  abortSignal: AbortSignal;
}

/** A connection to a Docker engine: Unix socket, TCP, TCP with TLS, or SSH. */
export class DockerEngine {
  private sameMachine: Promise<boolean> | undefined;

  constructor(
    readonly docker: Docker,
    /** As a person writes it: `unix:///var/run/docker.sock`. */
    readonly address: string,
    private readonly disconnect: () => void,
  ) {}

  /**
   * Calls the engine, bounded in time and stopped by `io.signal`.
   *
   * @param limitMs null for what lasts as long as it takes (build, pull). A stream must be read inside of `work`.
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

  /**
   * Whether this process runs on the engine's own machine, and so may open its files and dial its containers. The name
   * of the machine tells: a worker in a container has another one, and so has the engine inside a virtual machine.
   */
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

/** Opens nothing yet: the first call connects. */
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

/** The Docker client's own variables, for an engine that `target.tls` says nothing of. */
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

/**
 * docker-modem formats the options of every request with all they refer to, for a debug text that nobody reads. An agent
 * refers to every connection and a signal to all who listen to it: seconds of work in a worker.
 */
function opaque<T extends object>(object: T): T {
  return Object.defineProperty(object, inspect.custom, { value: () => '[not shown]', configurable: true });
}

/** docker-modem fills what is absent from DOCKER_HOST; spelling every field out keeps the two apart. */
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
