import { basename } from 'node:path/posix';
import { ConfigurationFailure, RouterFailure, UnreachableFailure } from '../../domain/failures';
import type { ExecResult, Host, Io } from '../../domain/host';
import type { Scope } from '../../domain/release';
import { until } from '../../waiting/until';
import { installRendered, writeRendered, type Folder, type Rendered } from '../on-host/folder';
import { withTrialFolder } from '../on-host/trial-folder';
import { DIRECTORY_LABEL, refuseForeignName } from '../on-host/own-container';
import { outside } from '../on-host/pem-files';
import { renderMain, SERVERS_FILE, USER_FILE } from './config';
import type { NginxConfig, NginxFragment } from './names';

const START_MS = 20_000;
const POLL_MS = 50;

export interface Worker {
  pid: number;
  parent: number;
  leaving: boolean;
}

// The master stays root for ports below 1024. Images differ in the users that they have for the workers.
const NAME_USER = `
for name in nginx www-data nobody; do grep -q "^$name:" /etc/passwd && break; done
echo "user $name;" >${USER_FILE}`;
const CHECK = `${NAME_USER}
exec nginx -t -c "$1"`;
const START = `${NAME_USER}
exec nginx -c "$1" -g 'daemon off;'`;

const LIST_MISSING = 'for one; do [ -e "$one" ] || echo "$one"; done';

// Small images have no `ps`. Process ids count within the container, like nginx's own `$pid`.
const LIST_WORKERS = `
for process in /proc/[0-9]*; do
  title=$(tr '\\0' ' ' 2>/dev/null <"$process/cmdline") || continue
  case $title in "nginx: worker process"*)
    read -r _ _ _ parent _ 2>/dev/null <"$process/stat" || continue
    echo "\${process#/proc/} $parent $title" ;;
  esac
done; true`;

interface Trial {
  scope: Scope;
  fragments: NginxFragment[];
  render: (directory: string) => Promise<Rendered>;
}

export class Setup implements Folder {
  /** It holds `apps`, `shares`, `pages` and, unless nginx is attached, `conf.d` and the main file. */
  readonly directory: string;
  readonly container: string | undefined;
  private readonly conf: string;

  constructor(
    private readonly config: NginxConfig,
    readonly host: Host,
  ) {
    const { attach } = config;
    this.directory = attach?.directory ?? config.directory;
    this.conf = attach?.directory ?? `${config.directory}/conf.d`;
    this.container = attach ? undefined : `spillway-${basename(config.directory)}`;
  }

  refuseForeignName(io: Io): Promise<void> {
    return refuseForeignName(this.host, this.container, this.directory, io);
  }

  /** Answers undefined when Spillway's own nginx does not run. */
  async version(io: Io): Promise<string | undefined> {
    if (this.container !== undefined && !(await this.isRunning(io))) return undefined;
    const program = this.config.attach?.test[0] ?? 'nginx';
    return versionIn(await this.exec([program, '-v'], io));
  }

  /** Answers undefined when the image is not on the target. */
  async versionOfImage(io: Io): Promise<string | undefined> {
    const answer = await this.host.runImage({ image: this.config.image, command: ['nginx', '-v'], binds: [] }, io);
    return answer && versionIn(answer);
  }

  /** A running nginx is never replaced, because that loses requests. */
  async start(base: Rendered, fragments: NginxFragment[], io: Io): Promise<void> {
    await this.refuseForeignName(io);
    if (this.container === undefined || (await this.isRunning(io))) return;
    await this.host.writeFile(`${this.directory}/nginx.conf`, renderMain(this.conf), io);
    if ((await this.host.readFile(`${this.conf}/${SERVERS_FILE}`, io)) === undefined) await this.install(base, io);
    await this.host.ensureContainer(
      {
        name: this.container,
        image: this.config.image,
        command: ['sh', '-c', START, 'sh', `${this.directory}/nginx.conf`],
        labels: { [DIRECTORY_LABEL]: this.directory },
        binds: this.binds(fragments),
        hostNetwork: true,
        user: '0:0',
      },
      io,
    );
    await this.untilRuns(io);
  }

  async remove(io: Io): Promise<void> {
    if (this.container === undefined) return;
    await this.refuseForeignName(io);
    await this.host.removeContainer(this.container, io);
  }

  /** @throws ConfigurationFailure with nginx's own words when the configuration is not valid. Nothing is loaded. */
  async check(rendered: Rendered, fragments: NginxFragment[], io: Io): Promise<void> {
    if (this.container === undefined) return;
    const trial = `${this.directory}/check`;
    try {
      await writeRendered({ host: this.host, directory: `${trial}/conf.d` }, rendered, io);
      await this.host.writeFile(`${trial}/nginx.conf`, renderMain(`${trial}/conf.d`), io);
      const result = await this.exec(['nginx', '-t', '-c', `${trial}/nginx.conf`], io);
      if (result.exitCode === 0) return;
      throw refused(result, `${trial}/conf.d`, this.conf, await this.hintAt(fragments, io));
    } finally {
      await this.host.run(['rm', '-rf', trial], io);
    }
  }

  /** Tries it where nothing of it gets in force, as far as something is there that can. */
  async tryOut({ scope, fragments, render }: Trial, io: Io): Promise<void> {
    const { container, host } = this;
    const isRunning = container !== undefined && (await this.isRunning(io));
    await withTrialFolder(this, scope, io, async (folder) => {
      const conf = `${folder}/conf.d`;
      await writeRendered({ host, directory: conf }, await render(folder), io);
      await host.writeFile(`${folder}/nginx.conf`, renderMain(conf), io);
      const result = isRunning
        ? await this.exec(['nginx', '-t', '-c', `${folder}/nginx.conf`], io)
        : await this.checkAnew(folder, fragments, io);
      if (!result || result.exitCode === 0) return;
      throw refused(result, conf, this.conf, isRunning ? await this.hintAt(fragments, io) : '');
    });
  }

  private async checkAnew(folder: string, fragments: NginxFragment[], io: Io): Promise<ExecResult | undefined> {
    if (this.container === undefined) return undefined;
    const command = ['sh', '-c', CHECK, 'sh', `${folder}/nginx.conf`];
    return this.host.runImage({ image: this.config.image, command, binds: this.binds(fragments) }, io);
  }

  /** A container has only the files that it was started with. */
  private async hintAt(fragments: NginxFragment[], io: Io): Promise<string> {
    const { stdout } = await this.exec(['sh', '-c', LIST_MISSING, 'sh', ...this.files(fragments)], io);
    const missing = stdout.split('\n').filter((line) => line !== '');
    if (missing.length === 0) return '';
    return (
      `. The container ${this.container} was started without ${missing.join(' and ')}: if the target has what is missing, ` +
      `run \`docker rm -f ${this.container}\` in a quiet moment, and release again`
    );
  }

  install(rendered: Rendered, io: Io): Promise<void> {
    return installRendered({ host: this.host, directory: this.conf, ending: '.conf' }, rendered, io);
  }

  /** nginx answers before the files are in force. */
  async reload(io: Io): Promise<void> {
    const main = ['-c', `${this.directory}/nginx.conf`];
    const { test, reload } = this.config.attach ?? {
      test: ['nginx', '-t', ...main],
      reload: ['nginx', '-s', 'reload', ...main],
    };
    const tested = await this.exec(test, io);
    if (tested.exitCode !== 0) throw refused(tested, this.conf, this.conf);
    const reloaded = await this.exec(reload, io);
    if (reloaded.exitCode === 0) return;
    throw new RouterFailure(`expected nginx to reload, seen: ${inItsWords(reloaded)}; see that it runs`);
  }

  async workers(io: Io): Promise<Worker[]> {
    const { stdout } = await this.exec(['sh', '-c', LIST_WORKERS], io);
    return [...stdout.matchAll(/^(\d+) (\d+) (.*)$/gm)].map(([, pid, parent, title]) => ({
      pid: Number(pid),
      parent: Number(parent),
      leaving: title!.includes('shutting down'),
    }));
  }

  async kill(pids: number[], io: Io): Promise<void> {
    await this.exec(['sh', '-c', `kill -TERM ${pids.join(' ')} 2>/dev/null; true`], io);
  }

  private exec(argv: string[], io: Io): Promise<ExecResult> {
    return this.container === undefined ? this.host.run(argv, io) : this.host.execInContainer(this.container, argv, io);
  }

  private async isRunning(io: Io): Promise<boolean> {
    const running = await this.workers(io).catch((error: unknown) => {
      io.signal.throwIfAborted();
      // Docker answers 404 for a container that does not exist and 409 for one that does not run.
      if ([404, 409].includes((error as { statusCode?: number }).statusCode ?? 0)) return [];
      throw error;
    });
    return running.length > 0;
  }

  private async untilRuns(io: Io): Promise<void> {
    const patience = { signal: io.signal, pause: POLL_MS, limit: START_MS };
    if (await until(patience, async () => (await this.isRunning(io)) || undefined)) return;
    throw new UnreachableFailure(
      `expected nginx in container ${this.container} to run within ${START_MS / 1_000} s; see \`docker logs ${this.container}\``,
    );
  }

  private binds(fragments: NginxFragment[]): string[] {
    const { directory } = this.config;
    return [`${directory}:${directory}`, ...this.files(fragments).map((file) => `${file}:${file}:ro`)];
  }

  /** All apps share the container, so it needs the files of all. */
  private files(fragments: NginxFragment[]): string[] {
    const named = fragments.flatMap(({ tls }) => (tls ? [tls.certificate, tls.key] : []));
    return outside(this.config.directory, named);
  }
}

function refused(result: ExecResult, seenAt: string, conf: string, hint = ''): ConfigurationFailure {
  return new ConfigurationFailure(
    `expected nginx to accept the configuration made from spillway.yaml, seen: ${inItsWords(result).replaceAll(seenAt, conf)}; ` +
      `correct services, routes, tls or errorPage. The old one stays in force${hint}`,
  );
}

function inItsWords({ stdout, stderr }: ExecResult): string {
  const lines = `${stderr}\n${stdout}`.split('\n').filter((line) => line.trim() !== '');
  const complaints = lines.filter((line) => /\[(emerg|alert|crit|error)\]/.test(line));
  return (complaints.length > 0 ? complaints : lines.slice(-3)).join('; ');
}

function versionIn({ stdout, stderr }: ExecResult): string {
  return /nginx\/(\S+)/.exec(stdout + stderr)?.[1] ?? 'unknown';
}
