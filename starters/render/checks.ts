import type { Colours } from '../output';

export interface Check {
  name: string;
  /** `note`: nothing is wrong, but it is worth knowing. */
  state: 'ok' | 'note' | 'failed';
  detail: string;
  todo?: string;
}

/** `1 of 3 checks says no.` */
export function saidNoText(failed: number, all: number): string {
  return `${failed} of ${all} checks ${failed === 1 ? 'says' : 'say'} no.`;
}

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
