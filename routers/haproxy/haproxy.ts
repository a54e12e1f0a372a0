import { UnreachableFailure } from '../../domain/failures';
import { readCertificates } from './certificates';
import { certificateWarnings, routesWithTls } from '../on-host/certificates';
import { expectWritable } from '../on-host/trial-folder';
import type { Host, Io } from '../../domain/host';
import type { Group, Scope } from '../../domain/release';
import { greenShare } from '../../domain/shares';
import { ROUTERS, type RouterCounters } from '../../domain/router';
import {
  environmentsIn,
  readFragments,
  removeFragment,
  scopeKey,
  withFragment,
  writeFragment,
} from '../on-host/fragments';
import type { HaproxyConfig, HaproxyFragment } from './config';
import { latencyTable, START_VARIABLE } from './names';
import { Runtime, type Process } from './runtime';
import { HaproxySessions } from './sessions';
import { Setup } from './setup';
import { drawsOf, Shares } from './shares';
import { hungUpOf, parseStat, readCounters, serversOf, STAT_COMMAND, type StatRow } from './stats';
import { withLease } from '../on-host/lease';
import { asBefore, dropBefore, fragmentOf, hasFiles, keepBefore, without } from '../on-host/before';
import { pageFile, writePage } from '../on-host/error-page';
import { newFragment } from '../on-host/new-fragment';
import { entryOnHost, probed, refuseTakenPorts } from '../on-host/ports';
import type { DockerTarget } from '../../targets/docker/docker';
import type { Router, RouterProbe, Undone, Routing, Sessions, Trial } from '../router';

const MOST_READINGS = 6;

export function openHaproxy(config: HaproxyConfig, { host }: Pick<DockerTarget, 'host'>): Router {
  return new Haproxy(config, host);
}

interface Change {
  before: HaproxyFragment[];
  after: HaproxyFragment[];
  /** Whose environment is configured; absent when one goes. */
  mine?: HaproxyFragment;
}

class Haproxy implements Router {
  readonly kind = 'haproxy';
  readonly entry = entryOnHost;
  readonly environments = (io: Io) => environmentsIn(this.setup, io);
  readonly capabilities = ROUTERS.haproxy.capabilities;
  readonly sessions: Sessions;
  readonly image: string | undefined;
  private readonly setup: Setup;
  private readonly runtime: Runtime;
  private readonly shares: Shares;

  constructor(
    private readonly config: HaproxyConfig,
    private readonly host: Host,
  ) {
    this.image = config.attach ? undefined : config.image;
    this.setup = new Setup(config, host);
    this.runtime = new Runtime(host, this.setup.masterSocket, (io) => this.setup.replacement.sockets(io));
    this.shares = new Shares(host, this.runtime, this.setup.directory);
    this.sessions = new HaproxySessions(this.runtime);
  }

  async probe(routing: Routing, io: Io): Promise<RouterProbe> {
    await this.setup.refuseForeignName(io);
    const version = await this.versionInForce(io);
    if (version === undefined && this.config.attach) {
      throw new UnreachableFailure(
        `expected the master socket of HAProxy at ${this.setup.masterSocket}, nothing answers; start it with \`-W -S ${this.setup.masterSocket}\``,
      );
    }
    const fragments = await this.readFragments(io);
    const warning = await this.setup.missingLimits(fragments, this.runtime, io);
    const probe = await probed(this.host, { routing, version, image: this.config.image, fragments }, io);
    return warning === undefined ? probe : { ...probe, warning };
  }

  async check(routing: Routing, io: Io): Promise<string[]> {
    const { tls } = this.config;
    await expectWritable(this.host, this.setup.directory, io);
    const after = withFragment(await this.readFragments(io), await this.fragmentFor(routing, io));
    await this.setup.render(after, io);
    const around = { directory: this.setup.directory, image: this.image };
    const certificates = tls ? await readCertificates(this.host, { ...around, folder: tls.certificates }, io) : [];
    await this.setup.tryOut(routing.scope, after, this.runtime, io);
    return certificateWarnings(certificates, routesWithTls(routing, tls?.ports));
  }

  private fragmentFor(routing: Routing, io: Io): Promise<HaproxyFragment> {
    return newFragment(this.host, this.config, routing, io);
  }

  async configure(routing: Routing, io: Io, firstShare = 0): Promise<{ reloaded: boolean }> {
    const { scope } = routing;
    return this.locked(scope, io, async () => {
      const fragment = await this.fragmentFor(routing, io);
      const before = await this.readFragments(io);
      await keepBefore(this.setup, before, fragment, io);
      const isNew = await this.shares.ensure(scope, firstShare, io);
      await writePage(this.setup, fragment, io);
      try {
        const after = withFragment(before, fragment);
        await this.setup.start(after, this.runtime, io);
        return await this.change({ before, after, mine: fragment }, io);
      } catch (error) {
        if (isNew && !io.signal.aborted) await this.removeFiles(scope, io);
        throw error;
      }
    });
  }

  async putBack(scope: Scope, { release, isLive }: Undone, io: Io): Promise<'put back' | 'forgotten' | undefined> {
    if (!(await hasFiles(this.setup, io))) return undefined;
    return this.locked(scope, io, async () => {
      const before = await this.readFragments(io);
      const after = await asBefore(this.setup, before, { scope, release }, io);
      const mine = fragmentOf(after, scope);
      if (!mine) return isLive ? undefined : this.leave(before, scope, io);
      if (after === before) {
        if (await this.versionInForce(io)) await this.change({ before, after }, io);
        return undefined;
      }
      await writePage(this.setup, mine, io);
      await this.setup.start(after, this.runtime, io);
      await this.change({ before, after, mine }, io);
      return 'put back';
    });
  }

  async forget(scope: Scope, io: Io): Promise<void> {
    if (!(await hasFiles(this.setup, io))) return;
    await this.locked(scope, io, async () => this.leave(await this.readFragments(io), scope, io));
  }

  /** After an interruption the files may know the environment where its fragment is gone, so all are looked at. */
  private async leave(before: HaproxyFragment[], scope: Scope, io: Io): Promise<'forgotten' | undefined> {
    const after = without(before, scope);
    const isLast = after.length === 0 && this.setup.container !== undefined;
    if (!isLast && (await this.versionInForce(io))) await this.change({ before, after }, io);
    else await this.setup.install(await this.setup.render(after, io), io);
    if (isLast) await this.setup.remove(io);
    await removeFragment(this.setup, scope, io);
    await this.removeFiles(scope, io);
    return fragmentOf(before, scope) && 'forgotten';
  }

  setGreenShare(scope: Scope, share: number, io: Io, { testers, baseline }: Trial = {}): Promise<void> {
    const allTesters = testers && { testers: greenShare(testers, 100) };
    return this.shares.set(scope, { green: share, ...allTesters, ...(baseline && drawsOf(baseline)) }, io);
  }

  greenShare(scope: Scope, io: Io): Promise<number | undefined> {
    return this.shares.get(scope, io);
  }

  async groupIsUp(routing: Routing, group: Group, io: Io): Promise<{ up: boolean; detail: string }> {
    const process = await this.runtime.current(io);
    const text = process && (await this.runtime.ask(process, STAT_COMMAND, io));
    const servers = serversOf(parseStat(text ?? ''), routing.scope, group);
    const services = routing.services.filter(({ baseline }) => group !== 'baseline' || baseline);
    const states = services.map(({ service }) => {
      const mine = servers.filter((one) => one.service === service).map((one) => one.row);
      // HAProxy takes a server for up until a check fails, so only an answered check proves it.
      const up = mine.filter((row) => row['status'] === 'UP' && /^(\* )?L\dOKC?$/.test(row['check_status'] ?? ''));
      const down = mine
        .filter((row) => !up.includes(row))
        .map((row) => `${row['addr'] || row['svname']} ${row['check_status']}`);
      return {
        up: up.length > 0,
        detail: `${service}: ${up.length} of ${mine.length} up${down.length ? ` (${down.join(', ')})` : ''}`,
      };
    });
    return { up: states.every((one) => one.up), detail: states.map((one) => one.detail).join('; ') };
  }

  async counters(scope: Scope, io: Io): Promise<RouterCounters> {
    const process = await this.runtime.current(io);
    const [start, rows] = await Promise.all([
      process && this.runtime.variable(process, START_VARIABLE, io),
      process && this.settledStat(process, scope, io),
    ]);
    // The table is read after the statistics, or a request that ends in between would seem to have no latency.
    const table = process && (await this.runtime.ask(process, `show table ${latencyTable(scope)}`, io));
    if (!process || start === undefined || rows === undefined || table === undefined) {
      throw new UnreachableFailure(
        `expected a process of HAProxy that takes requests, seen none; see ${this.setup.masterSocket}`,
      );
    }
    return { process: `${process.pid}@${start}`, ...readCounters(rows, table, scope) };
  }

  /** Two readings in a row must agree on how many requests HAProxy hung up on. */
  private async settledStat(process: Process, scope: Scope, io: Io): Promise<StatRow[] | undefined> {
    let rows: StatRow[] | undefined;
    for (let reading = 1; reading <= MOST_READINGS; reading++) {
      const text = await this.runtime.ask(process, STAT_COMMAND, io);
      if (text === undefined) return undefined;
      const before = rows;
      rows = parseStat(text);
      if (before && hungUpOf(before, scope) === hungUpOf(rows, scope)) return rows;
    }
    return rows;
  }

  private async versionInForce(io: Io): Promise<string | undefined> {
    try {
      return (await this.runtime.processes(io)).version;
    } catch (error) {
      if (error instanceof UnreachableFailure) return undefined;
      throw error;
    }
  }

  /** When anything fails, the old configuration stays. */
  private async change({ before, after, mine }: Change, io: Io): Promise<{ reloaded: boolean }> {
    const rendered = await this.setup.render(after, io);
    if ((await this.runtime.hashInForce(io)) === rendered.hash) {
      if (mine) await writeFragment(this.setup, mine, io);
      await this.setup.install(rendered, io);
      return { reloaded: false };
    }
    if (mine) await refuseTakenPorts(this.host, mine.routing, before, io);
    await this.setup.check(rendered, this.runtime, io);
    await this.setup.install(rendered, io);
    try {
      await this.setup.reload(rendered, this.runtime, io);
    } catch (error) {
      await this.setup.install(await this.setup.render(before, io), io);
      throw error;
    }
    if (mine) await writeFragment(this.setup, mine, io);
    return { reloaded: true };
  }

  private locked<T>(scope: Scope, io: Io, run: () => Promise<T>): Promise<T> {
    return withLease(this.setup, { holder: scopeKey(scope), io }, run);
  }

  private async removeFiles(scope: Scope, io: Io): Promise<void> {
    await this.shares.remove(scope, io);
    await this.host.removeFile(pageFile(this.setup.directory, scope), io);
    await dropBefore(this.setup, scope, io);
  }

  private readFragments(io: Io): Promise<HaproxyFragment[]> {
    return readFragments(this.setup, io);
  }
}
