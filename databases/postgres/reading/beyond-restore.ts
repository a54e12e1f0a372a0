import { firstWords, type Node, type Statement } from './parser';

/** A statement that a restore may not undo: it changes something of the server, or gives something to a role. */
export interface Beyond {
  line: number;
  words: string;
  change: { what: string } | { role: string };
}

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

/** Collects such statements; programs and DO blocks cannot be read. */
export class BeyondRestore {
  readonly found: Beyond[] = [];

  next({ kind, node, sql, line }: Statement): void {
    const what = beyond(kind, node);
    const changes = what ? [{ what }] : rolesOf(kind, node).map((role) => ({ role }));
    for (const change of changes) this.found.push({ line, words: firstWords(sql), change });
  }
}

function beyond(kind: string, node: Node): string | undefined {
  if (kind === 'AlterRoleSetStmt') return node.database ? undefined : 'a setting of a role';
  const object = String(node.renameType ?? node.objtype ?? node.objectType ?? '');
  if (['RenameStmt', 'CommentStmt', 'GrantStmt', 'SecLabelStmt'].includes(kind) && SHARED.includes(object)) {
    const own = object === 'OBJECT_DATABASE' && kind !== 'RenameStmt';
    return own ? undefined : 'something of the server';
  }
  return BEYOND[kind];
}

function rolesOf(kind: string, node: Node): string[] {
  if (kind === 'AlterOwnerStmt') return roleIn(node.newowner);
  if (kind === 'CreateSchemaStmt') return roleIn(node.authrole);
  if (kind === 'ReassignOwnedStmt') return roleIn(node.newrole);
  if (kind === 'VariableSetStmt') return setRole(node);
  if (kind !== 'AlterTableStmt') return [];
  return (node.cmds as { AlterTableCmd?: Node }[]).flatMap(({ AlterTableCmd }) =>
    AlterTableCmd?.subtype === 'AT_ChangeOwner' ? roleIn(AlterTableCmd.newowner) : [],
  );
}

function setRole({ name, kind, args }: Node): string[] {
  if (!/^(role|session_authorization)$/i.test(String(name)) || kind !== 'VAR_SET_VALUE') return [];
  const [value] = args as { A_Const?: { sval?: { sval?: string } } }[];
  const role = value?.A_Const?.sval?.sval;
  return role && role !== 'none' ? [role] : [];
}

function roleIn(given: unknown): string[] {
  const { roletype, rolename } = (given ?? {}) as { roletype?: string; rolename?: string };
  return roletype === 'ROLESPEC_CSTRING' && rolename ? [rolename] : [];
}
