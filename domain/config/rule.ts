import type { z } from 'zod';

export interface Mistake {
  path: (string | number)[];
  message: string;
}

export type Context = Pick<z.core.$RefinementCtx, 'addIssue'>;
type Path = Mistake['path'];

interface Issue {
  code?: string;
  path?: PropertyKey[];
}

/** Rules run as long as the values are of the right kind, so that all mistakes are told at once. */
export const untilReadable = { when: ({ issues }: { issues: Issue[] }): boolean => !issues.some(isUnreadable) };

/** Use it for rules that check by themselves which parts are readable. */
export const piecewise = {
  when: ({ issues }: { issues: Issue[] }): boolean =>
    !issues.some((issue) => isUnreadable(issue) && !issue.path?.length),
};

/** True when the value at this path is usable, although something else may be wrong. */
export function isReadable(issues: Issue[], ...path: Path): boolean {
  return !issues.some((issue) => isUnreadable(issue) && path.every((key, index) => issue.path?.[index] === key));
}

// An unknown key or a broken rule says nothing about the kinds of the values.
function isUnreadable({ code }: Issue): boolean {
  return code !== 'unrecognized_keys' && code !== 'custom';
}

export function mistake(context: Context, path: Path, message: string): void {
  context.addIssue({ code: 'custom', path, message });
}
