import type { z } from 'zod';

/* How rules about a configuration are asked, and how they answer. */

/** A mistake in a configuration, and where. */
export interface Mistake {
  path: (string | number)[];
  message: string;
}

/** Where rules tell what is wrong. */
export type Context = Pick<z.core.$RefinementCtx, 'addIssue'>;
type Path = Mistake['path'];

interface Issue {
  code?: string;
  path?: PropertyKey[];
}

/** Rules are checked as long as the values are of the right kind, so that all mistakes are told at once. */
export const untilReadable = { when: ({ issues }: { issues: Issue[] }): boolean => !issues.some(isUnreadable) };

/** For rules that look for themselves at which part is readable. */
export const piecewise = {
  when: ({ issues }: { issues: Issue[] }): boolean =>
    !issues.some((issue) => isUnreadable(issue) && !issue.path?.length),
};

/** Whether what is at this path can be relied upon, although something else may be wrong. */
export function isReadable(issues: Issue[], ...path: Path): boolean {
  return !issues.some((issue) => isUnreadable(issue) && path.every((key, index) => issue.path?.[index] === key));
}

// An unknown key or a broken rule says nothing about the kinds of the values.
function isUnreadable({ code }: Issue): boolean {
  return code !== 'unrecognized_keys' && code !== 'custom';
}

/** Adds a mistake at a path. */
export function mistake(context: Context, path: Path, message: string): void {
  context.addIssue({ code: 'custom', path, message });
}
