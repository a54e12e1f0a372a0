import { basename } from 'node:path/posix';
import { ConfigurationFailure, RouterFailure, UnreachableFailure } from '../../domain/failures';
import type { ExecResult, FoundContainer, Host, HostContainer, Io } from '../../domain/host';
import type { Scope } from '../../domain/release';
import { until } from '../../waiting/until';
import { configurationFiles, inItsWords } from './checker';
import { renderHaproxy, type HaproxyConfig, type HaproxyFragment } from './config';
import { FRONTENDS_FILE, mapFile } from './names';
import { HANDOVER_SOCKET, Replacement } from './replacement';
import { missingLimits } from './limits';
import type { Runtime } from './runtime';
import { installRendered, speaksIpv6, writeRendered, type Folder, type Rendered } from '../on-host/folder';
import { limitsOf } from '../on-host/limits';
import { writePage } from '../on-host/error-page';
import { outside } from '../on-host/pem-files';
import { withTrialFolder } from '../on-host/trial-folder';
import { DIRECTORY_LABEL, refuseForeignName } from '../on-host/own-container';

// The new process takes over the listening sockets (`-x`), so that no connection meets a closed one.
const START = '[ -S "$3" ] && exec haproxy -W -db -S "$1" -f "$2" -x "$3"; exec haproxy -W -db -S "$1" -f "$2"';
const START_MS = 20_000;
const RELOAD_MS = 20_000;
const POLL_MS = 25;

export class Setup implements Folder {
  /** It holds `apps`, `maps`, `pages` and, unless HAProxy is attached, the sockets and `conf.d`. */
  readonly directory: string;
  readonly masterSocket: string;
  readonly container: string | undefined;
  readonly replacement: Replacement;
  private readonly conf: string;

  constructor(
    private readonly config: HaproxyConfig,
    readonly host: Host,
  ) {
    const { attach } = config;
    this.directory = attach?.directory ?? config.directory;
    this.conf = attach?.directory ?? `${config.directory}/conf.d`;
    this.masterSocket = attach?.masterSocket ?? `${config.directory}/master.sock`;
    this.container = attach ? undefined : `spillway-${basename(config.directory)}`;
    this.replacement = new Replacement(host, this.directory, this.container);
  }

  async render(fragments: HaproxyFragment[], io: Io, directory = this.directory): Promise<Rendered> {
    const ipv6 = await speaksIpv6(this.host, io);
    return renderHaproxy(fragments, { directory, sockets: this.directory, own: this.container !== undefined, ipv6 });
  }

  refuseForeignName(io: Io): Promise<void> {
    return refuseForeignName(this.host, this.container, this.directory, io);
  }

  /** @throws UnreachableFailure when a new HAProxy does not answer; one that it was to replace keeps serving. */
  async start(fragments: HaproxyFragment[], runtime: Runtime, io: Io): Promise<void> {
    if (this.container === undefined) return;
    await this.refuseForeignName(io);
    const wanted = await this.wanted(this.container, fragments, io);
    const found = await this.host.findContainer(wanted, io);
    if (found) await this.replacement.tidy(found, io);
    const serves = (await this.afterReload(runtime, io))?.hash !== undefined;
    const isServing = found?.running && serves && !(await this.replacement.hasSteppedAside(io));
    if (!isServing) await this.startAnew(wanted, undefined, runtime, io);
    else if (!found.same) await this.startAnew(wanted, found, runtime, io);
    await this.replacement.dismiss(wanted, io);
  }

  async remove(io: Io): Promise<void> {
    if (this.container === undefined) return;
    await this.refuseForeignName(io);
    await this.replacement.removeAll(io);
    await this.host.removeContainer(this.container, io);
  }

  private async startAnew(wanted: HostContainer, old: FoundContainer | undefined, runtime: Runtime, io: Io) {
    if ((await this.host.readFile(`${this.conf}/${FRONTENDS_FILE}`, io)) === undefined) {
      await writeRendered({ host: this.host, directory: this.conf }, await this.render([], io), io);
    }
    if (old) await this.replacement.stepAside(old, io);
    try {
      await this.host.ensureContainer(wanted, io);
      await this.untilAnswers(wanted, runtime, io);
    } catch (error) {
      if (old && !io.signal.aborted) await this.replacement.comeBack(old, io);
      throw error;
    }
  }

  private async wanted(name: string, fragments: HaproxyFragment[], io: Io): Promise<HostContainer> {
    const files = [await this.socketWithOwner(io), this.conf, `${this.directory}/${HANDOVER_SOCKET}`];
    return {
      name,
      image: this.config.image,
      command: ['sh', '-c', START, 'sh', ...files],
      labels: { [DIRECTORY_LABEL]: this.directory },
      binds: this.binds(fragments),
      hostNetwork: true,
      user: '0:0',
    };
  }

  /** @throws ConfigurationFailure with HAProxy's own words when the configuration is not valid. Nothing is loaded. */
  async check(rendered: Rendered, runtime: Runtime, io: Io): Promise<void> {
    const trial = `${this.directory}/check`;
    try {
      await writeRendered({ host: this.host, directory: trial }, rendered, io);
      this.refuseUnlessAccepted(await this.runCheck(trial, runtime, io), trial);
    } finally {
      await this.host.run(['rm', '-rf', trial], io);
    }
  }

  /** Tries it where nothing of it gets in force, as far as something is there that can. */
  async tryOut(scope: Scope, fragments: HaproxyFragment[], runtime: Runtime, io: Io): Promise<void> {
    const wanted = this.container === undefined ? undefined : await this.wanted(this.container, fragments, io);
    const found = wanted && (await this.host.findContainer(wanted, io));
    const isSame = found?.running === true && found.same;
    await withTrialFolder(this, scope, io, async (folder) => {
      const conf = `${folder}/conf.d`;
      await this.writeTrial(folder, fragments, io);
      const isOwnAway = wanted !== undefined && !isSame;
      const result = isOwnAway ? await this.checkAnew(folder, wanted, io) : await this.runCheck(conf, runtime, io);
      if (result) this.refuseUnlessAccepted(result, conf);
    });
  }

  private async writeTrial(folder: string, fragments: HaproxyFragment[], io: Io): Promise<void> {
    const rendered = await this.render(fragments, io, folder);
    await writeRendered({ host: this.host, directory: `${folder}/conf.d` }, rendered, io);
    for (const fragment of fragments) {
      await this.host.writeFile(mapFile(folder, fragment.routing.scope), 'green 0\n', io);
      await writePage({ host: this.host, directory: folder }, fragment, io);
    }
  }

  /** The image that will run may differ from the one that runs. */
  private checkAnew(folder: string, { image, binds }: HostContainer, io: Io): Promise<ExecResult | undefined> {
    return this.host.runImage({ image, command: ['haproxy', '-c', '-f', `${folder}/conf.d`], binds }, io);
  }

  private refuseUnlessAccepted({ exitCode, stdout, stderr }: ExecResult, trial: string): void {
    if (exitCode === 0) return;
    throw new ConfigurationFailure(
      `expected HAProxy to accept the configuration made from spillway.yaml, seen: ${inItsWords(`${stderr}\n${stdout}`, trial, this.conf)}; ` +
        'correct services, routes, tls or errorPage. The old one stays in force',
    );
  }

  /** Says what an HAProxy that is not Spillway's own lacks. */
  async missingLimits(fragments: HaproxyFragment[], runtime: Runtime, io: Io): Promise<string | undefined> {
    if (this.container !== undefined) return undefined;
    const { masterPid, files } = await this.givenFiles(runtime, io);
    const limits = limitsOf([...fragments, this.config]);
    return missingLimits(this.host, { masterPid, files, limits }, io);
  }

  install(rendered: Rendered, io: Io): Promise<void> {
    return installRendered({ host: this.host, directory: this.conf, ending: '.cfg' }, rendered, io);
  }

  /**
   * @throws ConfigurationFailure when HAProxy cannot start with it; RouterFailure when new connections still meet the old
   * one after a while
   */
  async reload(rendered: Rendered, runtime: Runtime, io: Io): Promise<void> {
    const { failedReloads } = await runtime.processes(io);
    const answer = await runtime.reload(io);
    const isInForce = await until({ signal: io.signal, pause: POLL_MS, limit: RELOAD_MS }, async () => {
      const seen = await this.afterReload(runtime, io);
      if (seen?.hash === rendered.hash) return true;
      if (seen && seen.failedReloads > failedReloads) return false;
    });
    if (isInForce) return;
    const Failure = isInForce === false ? ConfigurationFailure : RouterFailure;
    throw new Failure(
      'expected HAProxy to start a process with the new configuration, seen that it goes on with the old one' +
        `${answer.trim() ? `: ${answer.trim()}` : ''}; see whether a port of a route is taken, or a certificate unreadable, in ${this.logHint()}`,
    );
  }

  /** The master's socket may be away for a moment while the master restarts. */
  private async afterReload(runtime: Runtime, io: Io) {
    try {
      return { failedReloads: (await runtime.processes(io)).failedReloads, hash: await runtime.hashInForce(io) };
    } catch (error) {
      if (error instanceof UnreachableFailure || error instanceof RouterFailure) return undefined;
      throw error;
    }
  }

  private async untilAnswers({ image }: HostContainer, runtime: Runtime, io: Io): Promise<void> {
    const answers = await until({ signal: io.signal, pause: POLL_MS, limit: START_MS }, async () => {
      const seen = await this.afterReload(runtime, io);
      if (seen?.hash && !(await this.replacement.hasSteppedAside(io))) return true;
    });
    if (answers) return;
    throw new UnreachableFailure(
      `expected HAProxy of ${image} in container ${this.container} to answer within ${START_MS / 1_000} s; see ${this.logHint()}, ` +
        `or try \`docker run --rm -v ${this.directory}:${this.directory} ${image} haproxy -c -f ${this.conf}\``,
    );
  }

  private logHint(): string {
    return this.container === undefined ? 'its log' : `\`docker logs ${this.container}\``;
  }

  private async runCheck(trial: string, runtime: Runtime, io: Io) {
    if (this.container !== undefined) {
      return this.host.execInContainer(this.container, ['haproxy', '-c', '-f', trial], io);
    }
    const { masterPid, files: given } = await this.givenFiles(runtime, io);
    if (!given.includes(this.conf)) {
      throw new ConfigurationFailure(
        `expected the HAProxy behind ${this.masterSocket} to be started with \`-f ${this.conf}\`, ` +
          `seen ${given.length > 0 ? given.map((file) => `\`-f ${file}\``).join(' ') : 'none that can be seen from the host'}; add it and restart HAProxy`,
      );
    }
    const files = given.flatMap((file) => ['-f', file === this.conf ? trial : file]);
    return this.host.run([`/proc/${masterPid}/exe`, '-c', ...files], io);
  }

  private async givenFiles(runtime: Runtime, io: Io): Promise<{ masterPid: number; files: string[] }> {
    const { masterPid } = await runtime.processes(io);
    const { stdout } = await this.host.run(['cat', `/proc/${masterPid}/cmdline`], io);
    return { masterPid, files: configurationFiles(stdout.split('\0')) };
  }

  /** The socket gets the owner of the folder, so that a worker without root can reach it. */
  private async socketWithOwner(io: Io): Promise<string> {
    const { stdout } = await this.host.run(['stat', '-c', 'uid,%u,gid,%g', this.config.directory], io);
    return `${this.masterSocket},mode,660,${stdout.trim()}`;
  }

  private binds(fragments: HaproxyFragment[]): string[] {
    const { directory } = this.config;
    const folders = fragments.flatMap(({ tls }) => (tls ? [tls.certificates] : []));
    return [`${directory}:${directory}`, ...outside(directory, folders).map((folder) => `${folder}:${folder}:ro`)];
  }
}
