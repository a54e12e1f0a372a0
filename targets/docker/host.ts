import { createHash } from 'node:crypto';
import type { Duplex } from 'node:stream';
import type Docker from 'dockerode';
import { ConfigurationFailure, UnreachableFailure } from '../../domain/failures';
import type { Address, ExecResult, FoundContainer, Host, HostContainer, Io } from '../../domain/host';
import { reasonOf, statusOf, unless, type DockerEngine } from './engine';
import { execIn } from './exec';
import { runOnce } from './run-once';
import { localAccess, type HostAccess } from './host-local';
import { RemoteAccess } from './host-remote';
import type { DockerImages } from './images';
import { until } from '../../waiting/until';

/** The label records the container's specification, so that an unchanged one is left alone. */
const SPEC_LABEL = 'spillway.spec';
const LOOKS = 50;
const PAUSE_MS = 100;
const STOP_SECONDS = 10;

export class DockerHost implements Host {
  private readonly remote: HostAccess;

  constructor(
    private readonly engine: DockerEngine,
    private readonly images: DockerImages,
    helperImage: string,
  ) {
    this.remote = new RemoteAccess(engine, helperImage, (container, io) =>
      this.ensure(container, helperOptions(container), io),
    );
  }

  async connect(to: Address, io: Io): Promise<Duplex> {
    return (await this.access(io)).connect(to, io);
  }

  async readFile(path: string, io: Io): Promise<string | undefined> {
    return (await this.access(io)).readFile(path, io);
  }

  async writeFile(path: string, content: string, io: Io): Promise<void> {
    return (await this.access(io)).writeFile(path, content, io);
  }

  async removeFile(path: string, io: Io): Promise<void> {
    return (await this.access(io)).removeFile(path, io);
  }

  async listFiles(directory: string, io: Io): Promise<string[]> {
    return (await this.access(io)).listFiles(directory, io);
  }

  async run(argv: string[], io: Io): Promise<ExecResult> {
    return (await this.access(io)).run(argv, io);
  }

  ensureContainer(container: HostContainer, io: Io): Promise<'started' | 'running'> {
    return this.ensure(container, ownOptions(container), io);
  }

  async findContainer(container: HostContainer, io: Io): Promise<FoundContainer | undefined> {
    const found = await this.inspect(container.name, io);
    if (!found) return undefined;
    const same = found.Config.Labels[SPEC_LABEL] === ownOptions(container).Labels?.[SPEC_LABEL];
    return { id: found.Id, running: found.State.Running && !found.State.Restarting, same };
  }

  async containerLabels(name: string, io: Io): Promise<Record<string, string> | undefined> {
    return (await this.inspect(name, io))?.Config.Labels;
  }

  async renameContainer(from: string, to: string, io: Io): Promise<void> {
    await this.engine
      .call(io, (docker, abort) => docker.getContainer(from).rename({ name: to, ...abort }))
      .catch(unless(404));
  }

  /** The engine takes this for a stop by hand, so `unless-stopped` does not restart the container. */
  async signalContainer(name: string, signal: 'SIGUSR1', io: Io): Promise<void> {
    await this.engine
      .call(io, (docker, abort) => docker.getContainer(name).kill({ signal, ...abort }))
      .catch(unless(404, 409));
  }

  execInContainer(name: string, argv: string[], io: Io): Promise<ExecResult> {
    return execIn(this.engine, name, argv, io);
  }

  async runImage(
    { image, command, binds }: Pick<HostContainer, 'image' | 'command' | 'binds'>,
    io: Io,
  ): Promise<ExecResult | undefined> {
    if (!(await this.images.inspect(image, '', io))) return undefined;
    return runOnce(this.engine, { image, command, binds }, io).catch((error: unknown) => {
      if (statusOf(error) !== 400) throw error;
      throw new ConfigurationFailure(
        `expected the engine to have all that ${image} is tried with, seen: ${reasonOf(error)}; make that on the target. ` +
          'A worker in a container needs the folders of router and state from the target, at the same paths',
      );
    });
  }

  async removeContainer(name: string, io: Io): Promise<void> {
    await this.engine
      .call(io, (docker, abort) => docker.getContainer(name).stop({ t: STOP_SECONDS, ...abort }))
      .catch(unless(304, 404));
    await this.engine
      .call(io, (docker, abort) => docker.getContainer(name).remove({ force: true, v: true, ...abort }))
      .catch(unless(404, 409));
  }

  private async access(io: Io): Promise<HostAccess> {
    return (await this.engine.isSameMachine(io)) ? localAccess : this.remote;
  }

  /** Another worker may make or remove the same container, so a refusal means to look again. */
  private async ensure(
    container: HostContainer,
    options: Docker.ContainerCreateOptions,
    io: Io,
  ): Promise<'started' | 'running'> {
    let refusal = '';
    // A name is taken before its container can be inspected.
    const outcome = await until({ signal: io.signal, pause: PAUSE_MS, looks: LOOKS }, async () => {
      const found = await this.inspect(container.name, io);
      const isSame = found?.Config.Labels[SPEC_LABEL] === options.Labels?.[SPEC_LABEL];
      if (found && isSame && found.State.Running && !found.State.Restarting) return 'running';
      try {
        if (found && !(SPEC_LABEL in found.Config.Labels)) throw nameTaken(container.name);
        if (found && !isSame) await this.removeContainer(container.name, io);
        if (!found || !isSame) await this.create(container, options, io);
        await this.engine.call(io, (docker, abort) => docker.getContainer(container.name).start({ ...abort }));
        return 'started';
      } catch (error) {
        if (statusOf(error) === 304) return 'running';
        if (error instanceof ConfigurationFailure) throw error;
        if (statusOf(error) !== 404 && statusOf(error) !== 409) throw named(container, error);
        refusal = reasonOf(error);
      }
    });
    if (outcome) return outcome;
    throw new UnreachableFailure(`expected container ${container.name} to start, seen ${refusal} in ${LOOKS} attempts`);
  }

  private async create(container: HostContainer, options: Docker.ContainerCreateOptions, io: Io): Promise<void> {
    await this.images.pull(container.image, container.name, io);
    await this.engine.call(io, (docker, abort) => docker.createContainer({ ...options, ...abort }));
  }

  private async inspect(name: string, io: Io): Promise<Docker.ContainerInspectInfo | undefined> {
    return this.engine.call(io, (docker, abort) => docker.getContainer(name).inspect({ ...abort })).catch(unless(404));
  }
}

function ownOptions(container: HostContainer): Docker.ContainerCreateOptions {
  const spec = createHash('sha256').update(JSON.stringify(container)).digest('hex').slice(0, 16);
  return {
    name: container.name,
    Image: container.image,
    Cmd: container.command,
    User: container.user,
    Labels: { ...container.labels, [SPEC_LABEL]: spec },
    Env: Object.entries(container.env ?? {}).map(([name, value]) => `${name}=${value}`),
    HostConfig: hostConfig(container.binds),
  };
}

function hostConfig(binds: string[]): Docker.HostConfig {
  return {
    NetworkMode: 'host',
    Binds: binds,
    RestartPolicy: { Name: 'unless-stopped' },
    LogConfig: { Type: 'json-file', Config: { 'max-size': '10m', 'max-file': '3' } },
  };
}

/** The helper is not privileged: the usual capabilities suffice, and some engines cannot give more. */
function helperOptions(container: HostContainer): Docker.ContainerCreateOptions {
  const own = ownOptions(container);
  const HostConfig = { ...own.HostConfig, PidMode: 'host', SecurityOpt: ['apparmor=unconfined'] };
  // This overrides the image's entry point, which would get it as arguments.
  return { ...own, User: '0:0', Entrypoint: container.command, Cmd: undefined, HostConfig };
}

function nameTaken(name: string): ConfigurationFailure {
  return new ConfigurationFailure(
    `expected the name ${name} to be free for a container of Spillway's, seen one that Spillway did not start: ` +
      `rename or remove it if nobody needs it (\`docker rename ${name} OTHER\`); Spillway left it alone`,
  );
}

function named(container: HostContainer, error: unknown): unknown {
  if (statusOf(error) === undefined) return error;
  return new UnreachableFailure(
    `expected container ${container.name} of ${container.image} to start, seen ${reasonOf(error)}`,
  );
}
