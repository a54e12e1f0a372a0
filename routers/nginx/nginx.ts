import { ConfigurationFailure, RouterFailure, UnreachableFailure } from '../../domain/failures';
import { hasTlsOf, readCertificate, refuseSecondCertificate } from './certificates';
import { certificateWarnings, routesWithTls } from '../on-host/certificates';
import { expectWritable } from '../on-host/trial-folder';
import type { Host, Io } from '../../domain/host';
import type { Group, Scope } from '../../domain/release';
import { ROUTERS, type RouterCounters } from '../../domain/router';
import { until } from '../../waiting/until';
import { asBefore, dropBefore, fragmentOf, hasFiles, keepBefore, without } from '../on-host/before';
import { environmentsIn, onHost, removeFragment, scopeKey, withFragment, writeFragment } from '../on-host/fragments';
import { withLease } from '../on-host/lease';
import { renderNginx } from './config';
import type { NginxConfig, NginxFragment, Share } from './names';
import { Setup, type Worker } from './setup';
import { readState, removeShare, writeShare, type State } from './state';
import { masterOf, NginxSessions } from './sessions';
import { statusOf, type Status } from './status';
import { pageFile, writePage } from '../on-host/error-page';
import { newFragment } from '../on-host/new-fragment';
import { speaksIpv6, type Rendered } from '../on-host/folder';
import { entryOnHost, listens, probed, refuseTakenPorts } from '../on-host/ports';
import { refusalOfHttp2 } from './http2';
import { refuseBrokenShare } from '../../domain/shares';
import type { DockerTarget } from '../../targets/docker/docker';
import type { Router, RouterProbe, Undone, Routing, Sessions, Trial } from '../router';

const SETTLE_MS = 20_000;
const POLL_MS = 25;

/** Every new share is a reload, which breaks some kept connections. */
export function openNginx(config: NginxConfig, { host }: Pick<DockerTarget, 'host'>): Router {
  return new Nginx(config, host);
}

interface Reload {
  after: State;
  rendered: Rendered;
  old: Worker[];
}

/** What this one can do, every other can. */
const OLDEST = '0.0.0';

class Nginx implements Router {
  readonly kind = 'nginx';
  readonly entry = entryOnHost;
  readonly environments = (io: Io) => environmentsIn(this.setup, io);
  readonly capabilities = ROUTERS.nginx.capabilities;
  readonly sessions: Sessions;
  readonly image: string | undefined;
  private readonly setup: Setup;

  constructor(
    private readonly config: NginxConfig,
    private readonly host: Host,
  ) {
    this.image = config.attach ? undefined : config.image;
    this.setup = new Setup(config, host);
    this.sessions = new NginxSessions(this.setup);
  }

  async probe(routing: Routing, io: Io): Promise<RouterProbe> {
    await this.setup.refuseForeignName(io);
    const version = await this.setup.version(io);
    const { fragments } = await this.readState(io);
    const refusal = await this.refusal(routing, io);
    const probe = await probed(this.host, { routing, version, image: this.config.image, fragments }, io);
    return refusal === undefined ? probe : { ...probe, refusal };
  }

  async check(routing: Routing, io: Io): Promise<string[]> {
    const { tls } = this.config;
    await expectWritable(this.host, this.setup.directory, io);
    const { fragments, shares } = await this.readState(io);
    const mine = await this.fragmentFor(routing, io);
    const after = withFragment(fragments, mine);
    const render = (directory?: string) => this.render({ fragments: after, shares }, io, directory);
    await render();
    refuseSecondCertificate(fragments, mine);
    const around = { directory: this.setup.directory, image: this.image };
    const certificates = tls ? await readCertificate(this.host, { ...around, tls }, io) : [];
    await this.setup.tryOut({ scope: routing.scope, fragments: after, render }, io);
    return certificateWarnings(certificates, routesWithTls(routing, tls?.ports));
  }

  private fragmentFor(routing: Routing, io: Io): Promise<NginxFragment> {
    return newFragment(this.host, this.config, routing, io);
  }

  async configure(routing: Routing, io: Io, firstShare = 0): Promise<{ reloaded: boolean }> {
    return this.locked(routing.scope, io, async () => {
      const fragment = await this.fragmentFor(routing, io);
      const before = await this.readState(io);
      if (!hasTlsOf(fragment, before.fragments)) refuseSecondCertificate(before.fragments, fragment);
      await keepBefore(this.setup, before.fragments, fragment, io);
      await writePage(this.setup, fragment, io);
      const fragments = withFragment(before.fragments, fragment);
      await this.setup.start(await this.render(before, io), fragments, io);
      const refusal = await this.refusal(routing, io);
      if (refusal !== undefined) throw new ConfigurationFailure(refusal);
      await refuseTakenPorts(this.host, fragment.routing, before.fragments, io);
      const share = before.shares[scopeKey(routing.scope)] ?? { green: firstShare };
      const shares = { ...before.shares, [scopeKey(routing.scope)]: share };
      const after = { fragments, shares };
      const reloaded = await this.change(before, after, routing.scope, io);
      await writeShare(this.setup, routing.scope, share, io);
      await writeFragment(this.setup, fragment, io);
      return { reloaded };
    });
  }

  async putBack(scope: Scope, { release, isLive }: Undone, io: Io): Promise<'put back' | 'forgotten' | undefined> {
    if (!(await hasFiles(this.setup, io))) return undefined;
    return this.locked(scope, io, async () => {
      const before = await this.readState(io);
      const fragments = await asBefore(this.setup, before.fragments, { scope, release }, io);
      const mine = fragmentOf(fragments, scope);
      if (!mine) return isLive ? undefined : this.leave(before, scope, io);
      if (fragments === before.fragments) {
        if (await this.setup.version(io)) await this.settle(before, before, scope, io);
        return undefined;
      }
      await writePage(this.setup, mine, io);
      await this.setup.start(await this.render(before, io), fragments, io);
      await refuseTakenPorts(this.host, mine.routing, before.fragments, io);
      await this.change(before, { ...before, fragments }, scope, io);
      await writeFragment(this.setup, mine, io);
      return 'put back';
    });
  }

  async forget(scope: Scope, io: Io): Promise<void> {
    if (!(await hasFiles(this.setup, io))) return;
    await this.locked(scope, io, async () => this.leave(await this.readState(io), scope, io));
  }

  /** After an interruption the files may know the environment where its fragment is gone, so all are looked at. */
  private async leave(before: State, scope: Scope, io: Io): Promise<'forgotten' | undefined> {
    const shares = Object.fromEntries(Object.entries(before.shares).filter(([key]) => key !== scopeKey(scope)));
    const after = { fragments: without(before.fragments, scope), shares };
    const isLast = after.fragments.length === 0 && this.setup.container !== undefined;
    if (!isLast && (await this.setup.version(io))) await this.settle(before, after, scope, io);
    else await this.setup.install(await this.render(after, io), io);
    if (isLast) await this.setup.remove(io);
    await removeFragment(this.setup, scope, io);
    await removeShare(this.setup, scope, io);
    await this.host.removeFile(pageFile(this.setup.directory, scope), io);
    await dropBefore(this.setup, scope, io);
    return fragmentOf(before.fragments, scope) && 'forgotten';
  }

  /** An nginx of somebody else that does not run has nothing in force, and reads the files when it starts. */
  private async settle(before: State, after: State, scope: Scope, io: Io): Promise<void> {
    try {
      await this.change(before, after, scope, io);
    } catch (error) {
      const isAway = this.setup.container === undefined && !(await statusOf(this.host, before, scope, io));
      if (io.signal.aborted || !isAway) throw error;
      await this.setup.install(await this.render(after, io), io);
    }
  }

  async setGreenShare(scope: Scope, green: number, io: Io, trial: Trial = {}): Promise<void> {
    refuseBrokenShare(green);
    const share: Share = { green, ...(green > 0 && green < 100 && trial) };
    await this.locked(scope, io, async () => {
      const before = await this.readState(io);
      await this.change(before, { ...before, shares: { ...before.shares, [scopeKey(scope)]: share } }, scope, io);
      // A restart reads the configuration; this file only serves to render the next one, so it comes last.
      await writeShare(this.setup, scope, share, io);
    });
  }

  async greenShare(scope: Scope, io: Io): Promise<number | undefined> {
    const state = await this.readState(io);
    if (!state.fragments.some(({ routing }) => scopeKey(routing.scope) === scopeKey(scope))) return undefined;
    const status = await statusOf(this.host, state, scope, io);
    if (status) return status.share;
    throw new UnreachableFailure(
      `expected nginx to say the share of ${scope.app}/${scope.environment}, it does not answer`,
    );
  }

  /** nginx has no health checks, so this connects from the host. */
  async groupIsUp(routing: Routing, group: Group, io: Io): Promise<{ up: boolean; detail: string }> {
    const states = await Promise.all(
      onHost(routing).services.map(async ({ service, slots, baseline = [] }) => {
        const answers = await Promise.all(
          { ...slots, baseline }[group].map((backend) => listens(this.host, backend, io)),
        );
        const up = answers.filter(Boolean).length;
        return { up: up > 0, detail: `${service}: ${up} of ${answers.length} up` };
      }),
    );
    return { up: states.every(({ up }) => up), detail: states.map(({ detail }) => detail).join('; ') };
  }

  counters(scope: Scope): Promise<RouterCounters> {
    throw new RouterFailure(
      `expected counters of ${scope.app}/${scope.environment}, but nginx has none by slot; use HAProxy, or judge by probes.`,
    );
  }

  /** Before its own nginx runs for the first time, only the image tells the version. */
  private async refusal(routing: Routing, io: Io): Promise<string | undefined> {
    const ports = this.config.tls?.ports ?? [];
    if (refusalOfHttp2(routing, ports, OLDEST) === undefined) return undefined;
    const version = (await this.setup.version(io)) ?? (await this.setup.versionOfImage(io));
    return refusalOfHttp2(routing, ports, version);
  }

  private locked<T>(scope: Scope, io: Io, run: () => Promise<T>): Promise<T> {
    return withLease(this.setup, { holder: scopeKey(scope), io }, run);
  }

  private readState(io: Io): Promise<State> {
    return readState(this.setup, io);
  }

  private async render({ fragments, shares }: State, io: Io, directory = this.setup.directory): Promise<Rendered> {
    const attached = this.setup.container === undefined;
    return renderNginx({ fragments, shares, directory, attached, ipv6: await speaksIpv6(this.host, io) });
  }

  /** When anything fails, the old configuration stays. */
  private async change(before: State, after: State, scope: Scope, io: Io): Promise<boolean> {
    const rendered = await this.render(after, io);
    const knows = fragmentOf(before.fragments, scope) ? before : after;
    const status = await statusOf(this.host, knows, scope, io);
    await this.setup.check(rendered, after.fragments, io);
    const previous = await this.render(before, io);
    await this.setup.install(rendered, io);
    if (status?.hash === rendered.hash) return false;
    const old = status ? accepting(await this.setup.workers(io), status) : [];
    try {
      await this.setup.reload(io);
      await this.untilInForce({ after, rendered, old }, scope, io);
    } catch (error) {
      await this.setup.install(previous, io);
      throw error;
    }
    return true;
  }

  /** A new process answers before the old ones are told to leave, so this waits for both. */
  private async untilInForce({ after, rendered, old }: Reload, scope: Scope, io: Io): Promise<void> {
    let seen = '';
    const asked = fragmentOf(after.fragments, scope) ?? after.fragments[0];
    const isInForce = await until({ signal: io.signal, pause: POLL_MS, limit: SETTLE_MS }, async () => {
      const status = asked && (await statusOf(this.host, after, asked.routing.scope, io));
      const workers = await this.setup.workers(io);
      const still = old.filter((one) => workers.some((worker) => worker.pid === one.pid && !worker.leaving));
      // Where no environment is left, nothing answers.
      if ((!asked || status?.hash === rendered.hash) && still.length === 0) return true;
      seen = status ? `the old one in process ${status.pid}` : 'no answer';
    });
    if (isInForce) return;
    throw new RouterFailure(
      `expected nginx to have the new configuration in force within ${SETTLE_MS / 1_000} s of a reload, ` +
        `seen ${seen}. Is a port of a route taken? See nginx's log.`,
    );
  }
}

function accepting(workers: Worker[], status: Status): Worker[] {
  return workers.filter((worker) => !worker.leaving && worker.parent === masterOf(workers, status));
}
