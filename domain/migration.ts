import type { RequestResult } from './release';

/** Which migrations `migrate down` reverts: the newest, everything newer than one that stays, or one alone. */
export type DownChoice = { last: true } | { to: string } | { only: string };

/** What is done to the migrations of an environment by hand. */
export type MigrationAction = { kind: 'status' } | { kind: 'up' } | { kind: 'down'; choice: DownChoice };

/** Answer of `migrate status`. */
export interface MigrationLook {
  /** In the order in which they were applied. */
  applied: string[];
  /** In the order in which they would be. */
  pending: string[];
  /** Records of an older version that were left to others, as `TABLE: NAME`. */
  unclaimed?: string[];
  /** What would keep them from being applied. */
  mistakes: string[];
  /** What would keep the backup from being restored, where the rollback restores; absent when nothing would. */
  restore?: string[];
}

/** Answer of `migrate up` and `migrate down`; what is live is what was live before. */
export interface MigrationResult extends RequestResult {
  /** What was to be applied, or reverted, in that order. */
  names: string[];
  /** Name of the backup that was made first; the path of its archive where an older version made it. */
  backup?: string;
}

/** Name for `to` that no migration has: everything is reverted. */
export const BASE = 'base';

/** What a migration by hand is called: `migrate up`, `migrate down to 002_total`. */
export function titleOfMigration(action: MigrationAction): string {
  if (action.kind !== 'down') return `migrate ${action.kind}`;
  const { choice } = action;
  if ('to' in choice) return `migrate down to ${choice.to}`;
  return 'only' in choice ? `migrate down only ${choice.only}` : 'migrate down last';
}

/** The applied migrations that a choice means, newest first; or what is wrong with the choice. */
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
