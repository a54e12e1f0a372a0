import { RouterFailure } from '../../domain/failures';
import type { Io } from '../../domain/host';
import type { Group, Scope } from '../../domain/release';
import { until } from '../../waiting/until';
import type { Setup, Worker } from './setup';
import { readState } from './state';
import { statusOf, type Status } from './status';
import type { Sessions } from '../router';

const SETTLE_MS = 20_000;
const POLL_MS = 25;

/** Counts old worker processes, which stay until their last request ends; they serve every group. */
export class NginxSessions implements Sessions {
  constructor(private readonly setup: Setup) {}

  async count(scope: Scope, _group: Group, io: Io): Promise<number> {
    return (await this.leaving(scope, io)).length;
  }

  /** This also ends the requests that other apps have in those processes. */
  async close(scope: Scope, _group: Group, io: Io): Promise<void> {
    let left: number[] = [];
    const haveEnded = await until({ signal: io.signal, pause: POLL_MS, limit: SETTLE_MS }, async () => {
      left = (await this.leaving(scope, io)).map(({ pid }) => pid);
      if (left.length === 0) return true;
      await this.setup.kill(left, io);
    });
    if (haveEnded) return;
    throw new RouterFailure(
      `expected the old worker processes of nginx to end, ${left.join(', ')} have not. Kill them by hand.`,
    );
  }

  private async leaving(scope: Scope, io: Io): Promise<Worker[]> {
    const state = await readState(this.setup, io);
    const status = await statusOf(this.setup.host, state, scope, io);
    const workers = await this.setup.workers(io);
    return workers.filter(({ leaving, parent }) => leaving && parent === (masterOf(workers, status) ?? parent));
  }
}

/** Answers undefined when nginx runs where its processes cannot be seen. */
export function masterOf(workers: Worker[], status: Status | undefined): number | undefined {
  return workers.find(({ pid }) => pid === status?.pid)?.parent;
}
