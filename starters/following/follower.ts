import type { Client } from '@temporalio/client';
import { UnreachableFailure } from '../../domain/failures';
import { releaseWorkflowId } from '../../domain/names';
import type { LedgerEntry, ReleaseStatus, Scope } from '../../domain/release';
import { formatDuration } from '../../domain/units';
import { isConnectionLoss, uiLink } from '../asking/client';
import type { ExitCode } from '../exit-codes';
import { EXIT } from '../exit-codes';
import type { Out } from '../output';
import { RefusedFailure } from '../asking/refused';
import { readEnvironment, ReleaseView } from './release-view';
import type { Look } from './release-view';
import type { Surroundings } from '../render/tree';
import { commandFor, exitCodeOf } from '../render/words';
import type { Screen } from './screen';
import { sendMessage } from '../asking/send';

/** Milliseconds between looks: while answers come, and at most when they do not. */
const LOOK_EVERY = 250;
const LOOK_AT_LEAST_EVERY = 2_000;
/** Milliseconds: a release goes on unseen, so a command need not wait for ever. */
const PATIENCE = 10 * 60_000;
/** Milliseconds while its code fails: longer than its environment usually takes to end it. */
const STUCK_PATIENCE = 60 * 60_000;
/** Milliseconds; then the ledger is asked about a release that cannot be found. */
const LOOK_IT_UP_AFTER = 2_000;

export interface FollowOptions {
  /** Absent: the newest release. */
  releaseId?: string;
  who: string;
  /** SIGINT and SIGTERM mean this where nobody can be asked. */
  onSignal: 'abort' | 'detach';
}

export interface Followed {
  exitCode: ExitCode;
  /** Absent when it was never seen. */
  status?: ReleaseStatus;
  detached: boolean;
  link?: string;
}

interface FollowerParts {
  client: Client;
  scope: Scope;
  options: FollowOptions;
  out: Out;
  screen: Screen;
}

export class Follower {
  private readonly view: ReleaseView;
  private status?: ReleaseStatus;
  private silentSince?: number;
  private absentSince?: number;
  private goneSince?: number;

  constructor(private readonly parts: FollowerParts) {
    const { client, scope, options } = parts;
    this.view = new ReleaseView(client, scope, options.releaseId);
  }

  interval(): number {
    if (this.silentSince === undefined) return LOOK_EVERY;
    return Math.min(LOOK_AT_LEAST_EVERY, LOOK_EVERY + (Date.now() - this.silentSince) / 4);
  }

  async step(): Promise<Followed | undefined> {
    const look = await this.view.look();
    if (look.kind !== 'silent') this.silentSince = undefined;
    if (look.kind !== 'absent') this.absentSince = undefined;
    return this.see(look);
  }

  async abort(why: string): Promise<void> {
    const { client, scope, options, out } = this.parts;
    try {
      const { runId } = this.view;
      const sent = await sendMessage(client, scope, { name: 'abort', who: options.who, why, runId });
      out.note(sent === 'accepted' ? 'abort was accepted' : 'no worker answers: abort waits in Temporal for one');
    } catch (error) {
      if (!(error instanceof RefusedFailure)) throw error;
      out.note(error.message);
    }
  }

  left(): Followed {
    const again = this.status ? `: ${commandFor('watch', this.status)} follows it again` : '';
    this.parts.out.note(`detached; the release goes on by itself${again}`);
    return { ...this.seen(), exitCode: EXIT.no, detached: true };
  }

  private async see(look: Look): Promise<Followed | undefined> {
    switch (look.kind) {
      case 'status':
        this.status = look.status;
        this.show({ trouble: look.trouble });
        return this.ended();
      case 'ended':
        this.status = look.status;
        this.show();
        return this.ended();
      case 'silent':
        this.silence(look);
        return undefined;
      case 'absent':
        return this.lookUp();
      case 'gone':
        return this.gone(look.how);
    }
  }

  private show(more: Pick<Surroundings, 'silence' | 'trouble'> = {}): void {
    const link = uiLink(releaseWorkflowId(this.parts.scope));
    this.parts.screen.update(this.status, { now: Date.now(), ...(link && { link }), ...more });
  }

  private silence({ why, stuck }: Extract<Look, { kind: 'silent' }>): void {
    this.silentSince ??= Date.now();
    const since = Date.now() - this.silentSince;
    // A killed worker is replaced within seconds, so one look without an answer is not worth telling.
    if (since > 1_000) this.show({ silence: { why, lasts: since } });
    const patience = stuck ? STUCK_PATIENCE : PATIENCE;
    if (since < patience) return;
    throw new UnreachableFailure(
      `expected an answer within ${formatDuration(patience)}, seen: ${why}; Temporal keeps the release, which goes on as ` +
        'soon as a worker runs (`spillway worker`): `spillway watch` follows it again',
    );
  }

  private ended(): Followed | undefined {
    const exitCode = this.status && exitCodeOf(this.status);
    return exitCode === undefined ? undefined : { ...this.seen(), exitCode, detached: false };
  }

  /** The release may not have begun, or may be over while another one runs. */
  private async lookUp(): Promise<Followed | undefined> {
    this.absentSince ??= Date.now();
    const { releaseId } = this.parts.options;
    const waited = Date.now() - this.absentSince;
    if (releaseId !== undefined && waited < LOOK_IT_UP_AFTER) return undefined;
    const entry = (await this.ledger()).find(({ release }) => releaseId === undefined || release.id === releaseId);
    if (entry !== undefined) return this.remembered(entry);
    if (releaseId !== undefined && waited < PATIENCE) return undefined;
    throw new RefusedFailure(
      `expected a release of ${this.parts.scope.app} in ${this.parts.scope.environment}, seen none; \`spillway release\` begins one`,
    );
  }

  /** Waits for its environment to notice that it is gone, and to put the target right. */
  private async gone(how: string): Promise<Followed | undefined> {
    this.goneSince ??= Date.now();
    const environment = await this.environment();
    const id = this.parts.options.releaseId ?? this.status?.release.id;
    if (environment !== null && environment.current === null) {
      const entry = environment.ledger.find(({ release }) => id === undefined || release.id === id);
      if (environment.needsHand !== undefined) return this.handNeeded(environment.needsHand, entry);
      // Only Temporal knows why somebody terminated it; the ledger says the same where its environment did so.
      const why = how === entry?.why ? how : `ended from outside, without undo: ${how}`;
      if (entry !== undefined) return this.remembered({ ...entry, why });
    }
    this.show({ silence: { why: `${how}: no undo could run, so its environment puts things right` } });
    if (Date.now() - this.goneSince < PATIENCE) return undefined;
    throw new UnreachableFailure(
      `expected the environment to put things right after the release ended from outside (${how}), seen no answer; ` +
        'see `spillway status`',
    );
  }

  private handNeeded(why: string, entry: LedgerEntry | undefined): Followed {
    const status = entry ? statusOf(entry) : this.status;
    this.parts.out.note(`needs a hand: ${why}`);
    return { ...this.seen(), ...(status && { status: { ...status, why } }), exitCode: EXIT.needsHand, detached: false };
  }

  private remembered(entry: LedgerEntry): Followed | undefined {
    const isNew = this.status === undefined;
    this.status = statusOf(entry);
    // The last status says more than the ledger, so it stays on the screen.
    if (isNew) this.show();
    return this.ended();
  }

  private async ledger(): Promise<LedgerEntry[]> {
    return (await this.environment())?.ledger ?? [];
  }

  private async environment(): ReturnType<typeof readEnvironment> {
    try {
      return await readEnvironment(this.parts.client, this.parts.scope);
    } catch (error) {
      if (!isConnectionLoss(error) && !(error instanceof Error && error.name === 'ServiceError')) throw error;
      return null;
    }
  }

  private seen(): Pick<Followed, 'status' | 'link'> {
    const link = uiLink(releaseWorkflowId(this.parts.scope));
    return { ...(this.status && { status: this.status }), ...(link && { link }) };
  }
}

function statusOf(entry: LedgerEntry): ReleaseStatus {
  const { release, kind, outcome, why, who, note, startedAt, endedAt, phases, messages, judged, leftovers, live } =
    entry;
  const phase = phases.at(-1)?.phase ?? 'preflight';
  const share = outcome === 'released' ? 100 : 0;
  const told = {
    release,
    ...(kind && { kind }),
    outcome,
    ...(why && { why }),
    who,
    note,
    startedAt,
    endedAt,
    messages,
    leftovers,
  };
  return { ...told, state: 'ended', phase, phases, undos: [], share, ...(judged && { judged }), ...(live && { live }) };
}
