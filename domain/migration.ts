import type { AppConfig } from './config';
import { databasesOf } from './databases';
import type { RequestResult } from './release';

/** Reverts the newest one, all that are newer than `to`, or `only` one. */
export type DownChoice = { last: true } | { to: string } | { only: string };

/** Records those up to `to` as applied, or all that are pending, and runs none. */
export interface BaselineAction {
  kind: 'baseline';
  to?: string;
}

export type MigrationAction =
  { kind: 'status' } | { kind: 'up' } | { kind: 'down'; choice: DownChoice } | BaselineAction;

export interface MigrationLook {
  applied: string[];
  pending: string[];
  /** Records of an older version that were left to others, as `TABLE: NAME`. */
  unclaimed?: string[];
  mistakes: string[];
  /** Reasons why a backup could not be restored; absent when there are none. */
  restore?: string[];
  /** What people should know before they are applied; absent when there is nothing. */
  warnings?: string[];
  /** What else is worth knowing: files that are left alone, scripts without statements; absent when there is nothing. */
  notes?: string[];
}

export interface MigrationResult extends RequestResult {
  names: string[];
  /** The backup's name; older versions gave the path of its archive. */
  backup?: string;
}

/** With this name for `to`, everything is reverted. */
export const BASE = 'base';

export function titleOfMigration(action: MigrationAction): string {
  if (action.kind === 'baseline' && action.to !== undefined) return `migrate baseline to ${action.to}`;
  if (action.kind !== 'down') return `migrate ${action.kind}`;
  const { choice } = action;
  if ('to' in choice) return `migrate down to ${choice.to}`;
  return 'only' in choice ? `migrate down only ${choice.only}` : 'migrate down last';
}

/** Answers the oldest first; migrations are in the order of their names. */
export function chooseBaseline(
  { applied, pending }: Pick<MigrationLook, 'applied' | 'pending'>,
  { to }: BaselineAction,
): string[] | { mistake: string } {
  if (to === undefined) return pending;
  if (![...applied, ...pending].includes(to)) {
    return {
      mistake: `expected ${to} to be a migration, but there are ${[...applied, ...pending].join(', ') || 'none'}`,
    };
  }
  return applied.includes(to) ? pending.filter((name) => name < to) : pending.slice(0, pending.indexOf(to) + 1);
}

/** An order that a person could follow; where the rollback keeps what was done, there is nothing to order. */
export function titleOfUndo(
  config: Pick<AppConfig, 'database' | 'databases'>,
  undoing: 'up' | 'down',
  names: string[],
): string {
  const isKept = databasesOf(config).some(({ settings }) => settings.onRollback === 'keep');
  if (isKept)
    return `leave ${names.join(', ')} ${undoing === 'up' ? 'applied' : 'reverted'}: database.onRollback is keep`;
  return undoing === 'up' ? `revert migrations ${names.join(', ')}` : `apply ${[...names].reverse().join(', ')} again`;
}

/** Answers the newest first. */
export function chooseDown(applied: string[], choice: DownChoice): string[] | { mistake: string } {
  const newestFirst = [...applied].reverse();
  if ('last' in choice) return newestFirst.slice(0, 1);
  const name = 'to' in choice ? choice.to : choice.only;
  if ('to' in choice && name === BASE && !applied.includes(BASE)) return newestFirst;
  if (!applied.includes(name)) {
    const seen = applied.length > 0 ? `applied are ${applied.join(', ')}` : 'none is applied';
    return { mistake: `expected ${name} to be an applied migration, but ${seen}` };
  }
  return 'to' in choice ? newestFirst.slice(0, newestFirst.indexOf(name)) : [name];
}
