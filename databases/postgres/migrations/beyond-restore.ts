import { join } from 'node:path';
import { readMigrations } from '../../migrations/files';
import { firstWords, parseStatements, type Statement } from '../parser';

/** The dump of one database holds nothing of the server as a whole, or of replication streams. */
const BEYOND: Record<string, string> = {
  CreateRoleStmt: 'a role',
  AlterRoleStmt: 'a role',
  DropRoleStmt: 'a role',
  GrantRoleStmt: 'the membership of a role',
  CreateTableSpaceStmt: 'a tablespace',
  DropTableSpaceStmt: 'a tablespace',
  AlterTableSpaceOptionsStmt: 'a tablespace',
  CreatedbStmt: 'another database',
  DropdbStmt: 'another database',
  AlterSystemStmt: 'a setting of the server',
  CreateSubscriptionStmt: 'a subscription',
  AlterSubscriptionStmt: 'a subscription',
  DropSubscriptionStmt: 'a subscription',
};
const SHARED = ['OBJECT_ROLE', 'OBJECT_DATABASE', 'OBJECT_TABLESPACE', 'OBJECT_SUBSCRIPTION', 'OBJECT_PARAMETER_ACL'];

/** Finds statements that a restore would not undo; programs and DO blocks cannot be read. */
export async function beyondRestore(directory: string, pending: string[], owners: string[]): Promise<string[]> {
  const { migrations } = await readMigrations(directory);
  const found: string[] = [];
  for (const { up } of migrations.filter(({ name }) => pending.includes(name))) {
    const statements = await parseStatements(up.sql);
    if (!Array.isArray(statements)) continue;
    for (const statement of statements) {
      const why = mistakeOf(statement, owners);
      if (why) found.push(`${join(directory, up.file)}:${statement.line}: ${firstWords(statement.sql)} ${why}`);
    }
  }
  return found;
}

function mistakeOf({ kind, node }: Statement, owners: string[]): string | undefined {
  const what = beyond(kind, node);
  if (what) {
    return (
      `changes ${what}, which database.onRollback: restore cannot put back. Do that outside of the migrations, before the ` +
      'release, or set database.onRollback to revert or keep'
    );
  }
  const stranger = rolesOf(kind, node).find((role) => !owners.includes(role));
  if (stranger === undefined) return undefined;
  return (
    `gives something to ${stranger}, whose objects a restore does not touch: add ${stranger} to database.owners, ` +
    'or set database.onRollback to revert or keep'
  );
}

function beyond(kind: string, node: Record<string, unknown>): string | undefined {
  if (kind === 'AlterRoleSetStmt') return node.database ? undefined : 'a setting of a role';
  const object = String(node.renameType ?? node.objtype ?? node.objectType ?? '');
  if (['RenameStmt', 'CommentStmt', 'GrantStmt', 'SecLabelStmt'].includes(kind) && SHARED.includes(object)) {
    const own = object === 'OBJECT_DATABASE' && kind !== 'RenameStmt';
    return own ? undefined : 'something of the server';
  }
  return BEYOND[kind];
}

function rolesOf(kind: string, node: Record<string, unknown>): string[] {
  if (kind === 'AlterOwnerStmt') return roleIn(node.newowner);
  if (kind === 'CreateSchemaStmt') return roleIn(node.authrole);
  if (kind === 'ReassignOwnedStmt') return roleIn(node.newrole);
  if (kind === 'VariableSetStmt') return setRole(node);
  if (kind !== 'AlterTableStmt') return [];
  return (node.cmds as { AlterTableCmd?: Record<string, unknown> }[]).flatMap(({ AlterTableCmd }) =>
    AlterTableCmd?.subtype === 'AT_ChangeOwner' ? roleIn(AlterTableCmd.newowner) : [],
  );
}

function setRole({ name, kind, args }: Record<string, unknown>): string[] {
  if (!/^(role|session_authorization)$/i.test(String(name)) || kind !== 'VAR_SET_VALUE') return [];
  const [value] = args as { A_Const?: { sval?: { sval?: string } } }[];
  const role = value?.A_Const?.sval?.sval;
  return role && role !== 'none' ? [role] : [];
}

function roleIn(given: unknown): string[] {
  const { roletype, rolename } = (given ?? {}) as { roletype?: string; rolename?: string };
  return roletype === 'ROLESPEC_CSTRING' && rolename ? [rolename] : [];
}
