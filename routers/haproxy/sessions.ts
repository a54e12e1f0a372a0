import { RouterFailure } from '../../domain/failures';
import type { Io } from '../../domain/host';
import { otherSlot, type Group, type Scope } from '../../domain/release';
import { until } from '../../waiting/until';
import type { Process, Runtime } from './runtime';
import { allInFlight, inFlight, parseStat, sessionsOf, STAT_COMMAND, stillReaches, type StatRow } from './stats';
import type { Sessions } from '../router';

const SETTLE_MS = 10_000;
const POLL_MS = 20;
const AT_ONCE = 100;

export class HaproxySessions implements Sessions {
  constructor(private readonly runtime: Runtime) {}

  async count(scope: Scope, group: Group, io: Io): Promise<number> {
    const answers = await this.runtime.askAll(STAT_COMMAND, io);
    const current = parseStat(answers.find(({ process }) => !process.leaving)?.answer ?? '');
    const counts = await Promise.all(
      answers.map(async ({ process, answer }) => {
        const rows = parseStat(answer);
        // A process with a baseline knows the live slot too, and sends visitors there once the baseline has no share.
        const depends =
          group !== 'baseline' && process.leaving && !stillReaches(rows, current, scope, otherSlot(group));
        return inFlight(rows, scope, group) + (depends ? await this.idleClients(process, rows, io) : 0);
      }),
    );
    return counts.reduce((sum, count) => sum + count, 0);
  }

  async close(scope: Scope, group: Group, io: Io): Promise<void> {
    const isClosed = await until({ signal: io.signal, pause: POLL_MS, limit: SETTLE_MS }, async () => {
      const answers = await this.runtime.askAll(STAT_COMMAND, io);
      const left = answers.filter(({ answer }) => inFlight(parseStat(answer), scope, group) > 0);
      if (left.length === 0) return true;
      for (const { process } of left) await this.shutDown(process, scope, group, io);
    });
    if (isClosed) return;
    throw new RouterFailure(
      `expected HAProxy to close what is in flight in ${scope.app}/${scope.environment} ${group}; some is left after ${SETTLE_MS / 1_000} s. ` +
        `Does it still have a share of the traffic?`,
    );
  }

  /** Each client with an open connection to a leaving process may send one more request, only to this slot. */
  private async idleClients(process: Process, rows: StatRow[], io: Io): Promise<number> {
    const info = await this.runtime.ask(process, 'show info', io);
    return Math.max(0, Number(/^CurrConns: (\d+)/m.exec(info ?? '')?.[1] ?? 0) - allInFlight(rows));
  }

  /** Ends each session by itself, because a leaving process refuses to end all sessions of a server. */
  private async shutDown(process: Process, scope: Scope, group: Group, io: Io): Promise<void> {
    const sessions = sessionsOf((await this.runtime.ask(process, 'show sess', io)) ?? '', scope, group);
    for (let from = 0; from < sessions.length; from += AT_ONCE) {
      const commands = sessions.slice(from, from + AT_ONCE).map((session) => `shutdown session ${session}`);
      await this.runtime.askEach(process, commands, io);
    }
  }
}
