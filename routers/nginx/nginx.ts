import { setTimeout as sleep } from 'node:timers/promises';
import { RouterFailure, UnreachableFailure } from '../../domain/failures';
import type { Host, Io } from '../../domain/host';
import type { Group, Scope } from '../../domain/release';
import { ROUTERS, type RouterCounters } from '../../domain/router';
import { onHost, scopeKey, withFragment, writeFragment } from '../on-host/fragments';
import { withLease } from '../on-host/lease';
import { renderNginx, type Rendered } from './config';
import { pageFile, type NginxConfig, type NginxFragment, type NginxShare } from './names';
import { NginxSetup, type NginxWorker } from './setup';
import { readState, writeShare, type NginxState } from './state';
import { masterOf, NginxSessions } from './sessions';
import { statusOf, type NginxStatus } from './status';
import { readErrorPage } from '../on-host/error-page';
import { entryOnHost, listens, refuseTakenPorts, takenPorts } from '../on-host/ports';
import { refuseBrokenShare } from '../../domain/shares';
import type { DockerTarget } from '../../targets/docker/docker';
import type { Router, RouterProbe, Routing, Sessions, Trial } from '../router';

const SETTLE_MS = 20_000;
const POLL_MS = 25;

/**
 * nginx, run by Spillway on the host's network or attached to. Every change of a share is a rewrite and a reload, which
 * breaks some connections that clients keep open; it counts nothing by slot. Nothing is opened before the first call.
 */
export function openNginx(config: NginxConfig, { host }: Pick<DockerTarget, 'host'>): Router {
  return new Nginx(config, host);
}

class Nginx implements Router {
  readonly kind = 'nginx';
  readonly entry = entryOnHost;
  readonly capabilities = ROUTERS.nginx.capabilities;
  readonly sessions: Sessions;
  private readonly setup: NginxSetup;

  constructor(
    private readonly config: NginxConfig,
    private readonly host: Host,
  ) {
    this.setup = new NginxSetup(config, host);
    this.sessions = new NginxSessions(this.setup, host);
  }

  async probe(routing: Routing, io: Io): Promise<RouterProbe> {
    await this.setup.refuseForeignName(io);
    const version = await this.setup.version(io);
    const { fragments } = await this.readState(io);
    const portsTaken = await takenPorts(this.host, onHost(routing), version === undefined ? [] : fragments, io);
    return { version: version ?? this.config.image, running: version !== undefined, portsTaken };
  }

  async configure(routing: Routing, io: Io, firstShare = 0): Promise<{ reloaded: boolean }> {
    return this.locked(routing.scope, io, async () => {
      const { tls } = this.config;
      const errorPage = await readErrorPage(this.host, this.config.errorPage, io);
      const fragment: NginxFragment = {
        routing: onHost(routing),
        ...(tls && { tls }),
        ...(errorPage !== undefined && { errorPage }),
      };
      const before = await this.readState(io);
      if (errorPage !== undefined) {
        await this.host.writeFile(pageFile(this.setup.directory, routing.scope), errorPage, io);
      }
      await this.setup.start(await this.render(before, io), io);
      await refuseTakenPorts(this.host, fragment.routing, before.fragments, io);
      const share = before.shares[scopeKey(routing.scope)] ?? { green: firstShare };
      const shares = { ...before.shares, [scopeKey(routing.scope)]: share };
      const after = { fragments: withFragment(before.fragments, fragment), shares };
      const reloaded = await this.change(before, after, routing.scope, io);
      await writeShare(this.host, this.setup.directory, routing.scope, share, io);
      await writeFragment(this.host, this.setup.directory, fragment, io);
      return { reloaded };
    });
  }

  async setGreenShare(scope: Scope, green: number, io: Io, trial: Trial = {}): Promise<void> {
    refuseBrokenShare(green);
    const share: NginxShare = { green, ...(green > 0 && green < 100 && trial) };
    await this.locked(scope, io, async () => {
      const before = await this.readState(io);
      await this.change(before, { ...before, shares: { ...before.shares, [scopeKey(scope)]: share } }, scope, io);
      // After the reload: the configuration is what outlives a restart, this is only what it is made from.
      await writeShare(this.host, this.setup.directory, scope, share, io);
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

  /** nginx checks nothing by itself: whether something listens is seen from the host. */
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
      `Expected counters of ${scope.app}/${scope.environment}, but nginx has none by slot; use HAProxy, or judge by probes.`,
    );
  }

  private locked<T>(scope: Scope, io: Io, run: () => Promise<T>): Promise<T> {
    return withLease(this.host, this.setup.directory, scopeKey(scope), io, run);
  }

  private readState(io: Io): Promise<NginxState> {
    return readState(this.host, this.setup.directory, io);
  }

  private async render({ fragments, shares }: NginxState, io: Io): Promise<Rendered> {
    const ipv6 = (await this.host.run(['cat', '/proc/net/if_inet6'], io)).stdout.trim() !== '';
    return renderNginx(fragments, shares, this.setup.directory, ipv6);
  }

  /** Puts a configuration in force, and waits until only processes that have it take requests; else the old one stays. */
  private async change(before: NginxState, after: NginxState, scope: Scope, io: Io): Promise<boolean> {
    const rendered = await this.render(after, io);
    const status = await statusOf(this.host, after, scope, io);
    await this.setup.check(rendered, io);
    const previous = await this.render(before, io);
    await this.setup.install(rendered, io);
    if (status?.hash === rendered.hash) return false;
    const old = status ? accepting(await this.setup.workers(io), status) : [];
    try {
      await this.setup.reload(io);
      await this.untilInForce(after, rendered, scope, old, io);
    } catch (error) {
      await this.setup.install(previous, io);
      throw error;
    }
    return true;
  }

  /** A new process answers before the old ones are told to leave: so both are waited for. */
  private async untilInForce(
    state: NginxState,
    { hash }: Rendered,
    scope: Scope,
    old: NginxWorker[],
    io: Io,
  ): Promise<void> {
    const end = Date.now() + SETTLE_MS;
    for (;;) {
      const status = await statusOf(this.host, state, scope, io);
      const workers = await this.setup.workers(io);
      const still = old.filter((one) => workers.some((worker) => worker.pid === one.pid && !worker.leaving));
      if (status?.hash === hash && still.length === 0) return;
      if (Date.now() > end) {
        throw new RouterFailure(
          `Expected nginx to have the new configuration in force within ${SETTLE_MS / 1_000} s of a reload, ` +
            `seen ${status ? `the old one in process ${status.pid}` : 'no answer'}. Is a port of a route taken? See nginx's log.`,
        );
      }
      await sleep(POLL_MS, undefined, { signal: io.signal });
    }
  }
}

/** Processes of the nginx that answered which take requests. */
function accepting(workers: NginxWorker[], status: NginxStatus): NginxWorker[] {
  return workers.filter((worker) => !worker.leaving && worker.parent === masterOf(workers, status));
}
