import type { AppConfig } from './config';
import type { Message } from './messages';

export interface Approval {
  who: string;
  why: string;
  /** In milliseconds since the epoch. */
  at: number;
  /** Says who really sent it, as it came with the message; no rule asks for it yet. */
  proof?: string;
}

export type ApprovalRule = Pick<AppConfig['approve'], 'required' | 'by'>;

type ApprovalsJudged =
  | { state: 'not required' }
  /** `by` lists who may approve; anyone may when it is empty. */
  | { state: 'waiting'; needs: { approvals: number; by: readonly string[] } }
  | { state: 'approved'; counted: Approval[] };

const ENOUGH = 1;

/** Counts one approval for each person who may approve. */
export function judgeApprovals(rule: ApprovalRule, approvals: readonly Approval[]): ApprovalsJudged {
  if (!rule.required) return { state: 'not required' };
  const valid = approvals.filter(({ who }) => mayAnswer(rule, who));
  const counted = valid.filter(({ who }, index) => valid.findIndex((one) => one.who === who) === index);
  if (counted.length >= ENOUGH) return { state: 'approved', counted: counted.slice(0, ENOUGH) };
  return { state: 'waiting', needs: { approvals: ENOUGH - counted.length, by: rule.by } };
}

/** Answers undefined when they may. */
export function refusedAnswer(rule: ApprovalRule, { name, who }: Message): string | undefined {
  return mayAnswer(rule, who) ? undefined : `${who} may not ${name}; it takes one of: ${rule.by.join(', ')}`;
}

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
