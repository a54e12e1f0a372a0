import type { Colours } from '../output';

/** One thing that was looked at. */
export interface Check {
  name: string;
  /** `note`: worth knowing, nothing is wrong. */
  state: 'ok' | 'note' | 'failed';
  /** What was seen. */
  detail: string;
  /** What to do about it. */
  todo?: string;
}

/** Checks, one a line, each followed by what to do. */
export function renderChecks(checks: Check[], colours: Colours): string {
  return checks
    .flatMap(({ name, state, detail, todo }) => [
      `${sign(state, colours)} ${name}: ${detail}`,
      ...(todo === undefined || state === 'ok' ? [] : [`    → ${todo}`]),
    ])
    .join('\n');
}

function sign(state: Check['state'], { green, yellow, red }: Colours): string {
  switch (state) {
    case 'ok':
      return green('✓');
    case 'note':
      return yellow('!');
    case 'failed':
      return red('✗');
  }
}
