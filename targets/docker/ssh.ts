import { Agent, type ClientRequestArgs } from 'node:http';
import { join } from 'node:path';
import type { Duplex } from 'node:stream';
import { Client, type ConnectConfig, type ServerHostKeyAlgorithm } from 'ssh2';
import { UnreachableFailure } from '../../domain/failures';
import { knownKeys, signaturesOf } from './known-hosts';

/** OpenSSH's `MaxSessions` allows ten channels per connection by default. */
const CHANNELS = 8;
const READY_MS = 10_000;
const ENGINE_SOCKET = '/var/run/docker.sock';

interface Connection {
  client: Promise<Client>;
  channels: number;
}

interface SshAccess {
  sshKey?: string;
  variables: Record<string, string | undefined>;
}

/** Shares connections to send HTTP requests to an engine over SSH. The machine must be in `known_hosts`. */
export class SshAgent extends Agent {
  private readonly connections: Connection[] = [];

  constructor(
    private readonly url: URL,
    private readonly access: SshAccess,
  ) {
    super({ keepAlive: true, maxFreeSockets: CHANNELS });
  }

  override createConnection(
    _options: ClientRequestArgs,
    done?: (error: Error | null, stream: Duplex) => void,
  ): undefined {
    this.openChannel().then(
      (channel) => done?.(null, channel),
      (error: Error) => done?.(error, undefined as never),
    );
  }

  override destroy(): void {
    super.destroy();
    for (const connection of this.connections.splice(0)) {
      connection.client.then((client) => client.end()).catch(() => undefined);
    }
  }

  private async openChannel(): Promise<Duplex> {
    const connection = this.connections.find(({ channels }) => channels < CHANNELS) ?? this.addConnection();
    connection.channels += 1;
    try {
      const channel = await dialEngine(await connection.client);
      channel.once('close', () => (connection.channels -= 1));
      return channel;
    } catch (error) {
      connection.channels -= 1;
      throw error;
    }
  }

  private addConnection(): Connection {
    const connection: Connection = { client: this.connect(() => this.forget(connection)), channels: 0 };
    this.connections.push(connection);
    connection.client.catch(() => this.forget(connection));
    return connection;
  }

  private forget(connection: Connection): void {
    const index = this.connections.indexOf(connection);
    if (index >= 0) this.connections.splice(index, 1);
  }

  private connect(onClose: () => void): Promise<Client> {
    const config = this.connectConfig();
    return new Promise((resolve, reject) => {
      const client = new Client();
      client.once('ready', () => resolve(client));
      // The handler stays: an error after `ready` ends the channels, and they report it.
      client.on('error', (error) => reject(this.unreachable(error)));
      client.once('close', () => {
        onClose();
        reject(this.unreachable(new Error('the connection was closed')));
      });
      client.connect(config);
    });
  }

  private connectConfig(): ConnectConfig {
    const { sshKey, variables } = this.access;
    const host = this.url.hostname;
    const port = Number(this.url.port) || 22;
    const files = [join(variables.HOME ?? '/root', '.ssh/known_hosts'), '/etc/ssh/ssh_known_hosts'];
    const keys = knownKeys(files, host, port);
    if (keys.length === 0) {
      throw new UnreachableFailure(
        `expected a key of ${host} (port ${port}) in ${files.join(' or ')}, seen none: ` +
          `check it by hand and add it with \`ssh-keyscan -p ${port} ${host}\``,
      );
    }
    return {
      host,
      port,
      username: decodeURIComponent(this.url.username) || variables.USER || 'root',
      readyTimeout: READY_MS,
      keepaliveInterval: READY_MS,
      algorithms: { serverHostKey: signaturesOf(keys) as ServerHostKeyAlgorithm[] },
      hostVerifier: (key: Buffer) => keys.some((known) => known.key.equals(key)),
      ...(sshKey ? { privateKey: sshKey } : { agent: variables.SSH_AUTH_SOCK }),
    };
  }

  private unreachable(error: Error): UnreachableFailure {
    return new UnreachableFailure(
      `expected an SSH server with Docker at ${this.url.host}, seen ${error.message}: ` +
        'check `target.host`, `target.sshKey` and the known_hosts of the worker',
      { cause: error },
    );
  }
}

/** When the usual socket cannot be forwarded, Docker's client on that machine knows where the engine listens. */
async function dialEngine(client: Client): Promise<Duplex> {
  return asSocket(await forwardSocket(client).catch(() => dialStdio(client)));
}

function forwardSocket(client: Client): Promise<Duplex> {
  return new Promise((resolve, reject) => {
    client.openssh_forwardOutStreamLocal(ENGINE_SOCKET, (error, channel) => (error ? reject(error) : resolve(channel)));
  });
}

function dialStdio(client: Client): Promise<Duplex> {
  return new Promise((resolve, reject) => {
    client.exec('docker system dial-stdio', (error, channel) => {
      if (error) return reject(error);
      // Unread errors would stop the channel once its window is full.
      channel.stderr.resume();
      resolve(channel);
    });
  });
}

/** An agent keeps only sockets, so the channel gets their methods, which do nothing. */
function asSocket(channel: Duplex): Duplex {
  const nothing = (): Duplex => channel;
  return Object.assign(channel, {
    setKeepAlive: nothing,
    setNoDelay: nothing,
    setTimeout: nothing,
    ref: nothing,
    unref: nothing,
  });
}
