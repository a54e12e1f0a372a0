import { refOf } from './kinds';
import type { MigrationResult } from './migration';
import type { JudgedStep, LedgerEntry, Live, MetricVerdict, ReleaseResult, RequestResult } from './release';
import type { RemovalResult } from './removal';
import type { Request } from './request';

/** The state keeps these; the durable copy outside has all releases. */
export const REMEMBERED = 20;

/** Only the newest entries keep their metrics. */
const WITH_METRICS = 3;

export function remember(ledger: readonly LedgerEntry[], entry: LedgerEntry): LedgerEntry[] {
  return inMemory([entry, ...ledger.filter(({ release }) => release.id !== entry.release.id)]);
}

export function inMemory(entries: readonly LedgerEntry[]): LedgerEntry[] {
  return entries
    .slice(0, REMEMBERED)
    .map((entry, index) => (entry.judged && index >= WITH_METRICS ? { ...entry, ...withoutMetrics(entry) } : entry));
}

function withoutMetrics({ judged = [] }: LedgerEntry): Pick<LedgerEntry, 'judged'> {
  return {
    judged: judged.map((step) => {
      const { verdict, reason } = step.judgement;
      return { ...step, judgement: { verdict, reason } };
    }),
  };
}

export type ToldAlone =
  | Omit<ReleaseResult, keyof RequestResult>
  | Omit<MigrationResult, keyof RequestResult>
  | Omit<RemovalResult, keyof RequestResult>;

export function entryOf(request: Request, result: RequestResult & ToldAlone, endedAt: number): LedgerEntry {
  const { status, live } = result;
  const { outcome = 'terminated', why, startedAt, phases, messages, judged, leftovers } = status;
  return {
    ...identityOf(request),
    outcome,
    ...(why !== undefined && { why }),
    startedAt,
    endedAt,
    phases,
    images: 'images' in result ? result.images : [],
    messages,
    ...judgedInShort(judged),
    leftovers,
    ...('names' in result && { migrations: result.names }),
    live,
  };
}

/** Limits what an entry keeps for each release; failed metrics come first. */
const STEPS_KEPT = 8;
const METRICS_KEPT = 6;
const LONGEST_REASON = 200;
const LABELS = ['high', 'low', 'inconclusive', 'nodata', 'pass'] as const;

function judgedInShort(judged: JudgedStep[] | undefined): Pick<LedgerEntry, 'judged'> {
  if (!judged || judged.length === 0) return {};
  return { judged: judged.slice(-STEPS_KEPT).map(inShort) };
}

function inShort({ judgement, ...step }: JudgedStep): JudgedStep {
  const { verdict, reason, decidedBy, metrics } = judgement;
  const rank = ({ label, dryRun }: MetricVerdict): number => LABELS.indexOf(label) + (dryRun ? LABELS.length : 0);
  const kept = metrics && [...metrics].sort((one, other) => rank(one) - rank(other)).slice(0, METRICS_KEPT);
  const why = { verdict, reason: cut(reason), ...(decidedBy !== undefined && { decidedBy }) };
  const told = { ...why, ...(kept && { metrics: kept.map(metricInShort) }) };
  return { ...step, judgement: told };
}

function metricInShort(metric: MetricVerdict): MetricVerdict {
  return { ...metric, reason: cut(metric.reason) };
}

function cut(text: string): string {
  return text.length <= LONGEST_REASON ? text : `${text.slice(0, LONGEST_REASON - 1)}…`;
}

export function terminatedEntry(request: Request, why: string, endedAt: number, live: Live | null): LedgerEntry {
  const nothing = { phases: [], images: [], messages: [], leftovers: [] };
  const { requestedAt: startedAt } = request;
  return { ...identityOf(request), ...nothing, outcome: 'terminated', why, startedAt, endedAt, live };
}

function identityOf(request: Request) {
  const { kind, who, note } = request;
  const git = 'git' in request ? request.git : undefined;
  return { release: refOf(request), kind, who, note, ...(git && { git }) };
}
