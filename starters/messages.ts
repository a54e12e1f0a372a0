import type { Command } from 'commander';
import { InvalidArgumentError } from 'commander';
import { MEANINGS, MESSAGES } from '../domain/messages';
import type { MessageName } from '../domain/messages';
import { withClient } from './asking/client';
import { run } from './output';
import { addScopeOptions, scopeOf, whoIs } from './asking/scope';
import type { ScopeOptions } from './asking/scope';
import { sendMessage } from './asking/send';

interface MessageOptions extends ScopeOptions {
  who?: string;
  why: string;
}

/** When it is refused, and what to do before. */
const TEACHING: Record<MessageName, string> = {
  approve: 'Refused outside the approve phase, and from people whom `approve.by` does not name.',
  reject: 'Refused when nobody is being asked, and from people whom `approve.by` does not name.',
  abort:
    'Possible until drain begins. When no worker answers within 2 s, it is left with Temporal as a signal and acts\n' +
    'as soon as a worker is back.',
  pause: 'A judgement that fails meanwhile still rolls back. Go on with `spillway resume`.',
  resume: 'Refused when it is not paused.',
  promote: 'Refused when nothing soaks.',
  rollback: 'Only during bake, while the old version is still warm; use `spillway abort` before it.',
  retry: '`spillway status` says which undo failed and why. Remove the cause first.',
  resolved: '`spillway status` names the undo. The release then ends `resolved by hand` and frees the environment.',
};

export function registerMessages(program: Command): void {
  for (const name of MESSAGES) registerMessage(program, name);
}

function registerMessage(program: Command, name: MessageName): void {
  addScopeOptions(program.command(name).description(MEANINGS[name]))
    .option('--who <name>', 'who says so; default: whom CI names, else git’s user.name, else the user')
    .option('-m, --why <text>', 'reason, kept in the ledger; at most 500 characters', reason, '')
    .addHelpText(
      'after',
      `
${TEACHING[name]}

Examples:
  spillway ${name} -e production
  spillway ${name} --app shop -e production --who alice --why "checked the dashboards"

Exit codes: 0 accepted · 1 refused, too late, or nothing runs · 64 wrong usage · 69 Temporal or no worker answers`,
    )
    .action((options: MessageOptions) => tell(name, options));
}

function tell(name: MessageName, options: MessageOptions): Promise<void> {
  return run(options, async (out) => {
    const scope = await scopeOf(options);
    const input = { who: await whoIs(options.who), why: options.why };
    const sent = await withClient((client) => sendMessage(client, scope, { name, ...input }));
    const text =
      sent === 'accepted'
        ? `${name} was accepted`
        : `no worker answers: ${name} waits in Temporal and acts as soon as a worker is back`;
    out.result({ ...scope, message: name, ...input, sent }, text);
  });
}

function reason(text: string): string {
  if (text.length <= 500) return text;
  throw new InvalidArgumentError(`expected at most 500 characters, seen ${text.length}`);
}
