import { join } from 'node:path';
import type { Io } from '../../../domain/host';
import { readMigrations } from '../../migrations/files';
import type { Beyond } from '../reading/beyond-restore';
import { examine } from '../reading/reading';

/** Finds statements that a restore would not undo; programs and DO blocks cannot be read. */
export async function beyondRestore(
  directory: string,
  pending: string[],
  owners: string[],
  { signal }: Io,
): Promise<string[]> {
  const { migrations } = await readMigrations(directory);
  const found: string[] = [];
  for (const { up } of migrations.filter(({ name }) => pending.includes(name))) {
    const { beyond, file } = { ...(await examine(up, signal)), file: up.file };
    const told = new Set<number>();
    for (const each of beyond) {
      const why = mistakeOf(each, owners);
      // One reason a statement is enough, though it may give to several roles.
      if (!why || told.has(each.line)) continue;
      told.add(each.line);
      found.push(`${join(directory, file)}:${each.line}: ${each.words} ${why}`);
    }
  }
  return found;
}

function mistakeOf({ change }: Beyond, owners: string[]): string | undefined {
  if ('what' in change) {
    return (
      `changes ${change.what}, which database.onRollback: restore cannot put back. Do that outside of the migrations, before the ` +
      'release, or set database.onRollback to revert or keep'
    );
  }
  const { role } = change;
  if (owners.includes(role)) return undefined;
  return (
    `gives something to ${role}, whose objects a restore does not touch: add ${role} to database.owners, ` +
    'or set database.onRollback to revert or keep'
  );
}
