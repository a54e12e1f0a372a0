import { join } from 'node:path';
import { readMigrations } from '../../migrations/files';
import { firstWords, parseStatements, type Statement } from '../parser';

/** What belongs to the server as a whole, or to a stream from elsewhere: the dump of one database has none of it. */
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

/**
 * Statements of pending migrations whose effect would outlive a restore, or which give something to a role whose things
 * no restore may touch. What a program or a DO block does cannot be read.
 *
 * @param owners roles whose objects are this app's
 */
export async function beyondRestore(directory: string, pending: string[], owners: string[]): Promise<string[]> {
  const { migrations } = await readMigrations(directory);
  const found: string[] = [];
  for (const { up } of migrations.filter(({ name }) => pending.includes(name))) {
    const statements = await parseStatements(up.sql);
    // A syntax error is told where the migrations are checked.
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

/** Roles to which a statement gives what is made or changed by it, or what comes after it. */
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

/** CURRENT_USER and its like are the role of the connection. */
function roleIn(given: unknown): string[] {
  const { roletype, rolename } = (given ?? {}) as { roletype?: string; rolename?: string };
  return roletype === 'ROLESPEC_CSTRING' && rolename ? [rolename] : [];
}
