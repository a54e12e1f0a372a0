import type { AppConfig } from './config';
import type { Message } from './messages';

/** That a person approved a release, as its status keeps it. */
export interface Approval {
  who: string;
  why: string;
  /** Milliseconds since the epoch. */
  at: number;
  /** By what it can be checked that it was this person, as it came with the message; no rule asks for one yet. */
  proof?: string;
}

/** Who must approve: `approve` of the configuration. */
export type ApprovalRule = Pick<AppConfig['approve'], 'required' | 'by'>;

type ApprovalsJudged =
  | { state: 'not required' }
  /** So many more must approve; `by`: who may, anyone when it is empty. */
  | { state: 'waiting'; needs: { approvals: number; by: readonly string[] } }
  /** `counted`: those that decided. */
  | { state: 'approved'; counted: Approval[] };

const ENOUGH = 1;

/** What the approvals so far mean. Only those of people who may approve count, and each person counts once. */
export function judgeApprovals(rule: ApprovalRule, approvals: readonly Approval[]): ApprovalsJudged {
  if (!rule.required) return { state: 'not required' };
  const valid = approvals.filter(({ who }) => mayAnswer(rule, who));
  const counted = valid.filter(({ who }, index) => valid.findIndex((one) => one.who === who) === index);
  if (counted.length >= ENOUGH) return { state: 'approved', counted: counted.slice(0, ENOUGH) };
  return { state: 'waiting', needs: { approvals: ENOUGH - counted.length, by: rule.by } };
}

/** Why somebody may not approve or reject; undefined when they may. */
export function refusedAnswer(rule: ApprovalRule, { name, who }: Message): string | undefined {
  return mayAnswer(rule, who) ? undefined : `${who} may not ${name}; it takes one of: ${rule.by.join(', ')}`;
}

/** What is kept of the message by which a person approved. */
export function approvalOf({ who, why, proof }: Message, at: number): Approval {
  return { who, why, at, ...(proof !== undefined && { proof }) };
}

/** `approved by alice: looks good` */
export function approvedText(counted: readonly Approval[]): string {
  return `approved by ${counted.map(({ who, why }) => (why ? `${who}: ${why}` : who)).join(', ')}`;
}

function mayAnswer({ by }: ApprovalRule, who: string): boolean {
  return by.length === 0 || by.includes(who);
}
