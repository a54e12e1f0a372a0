import { liveText } from '../../domain/live-state';
import type { ReleaseRequest } from '../../domain/request';
import type { PlanAnswer } from '../../workflows/messages';
import type { Colours } from '../output';
import { saidNoText } from './checks';
import { textTable } from './table';

export function renderPlan(request: ReleaseRequest, plan: PlanAnswer, colours: Colours): string {
  const { live, slot, steps, checks, caveats } = plan;
  const failed = checks.filter(({ ok }) => !ok).length;
  const now = live ? liveText(live, plan.found ?? { condition: 'serving', detail: '' }) : 'nothing is live';
  return [
    `${colours.bold(`${request.app} ${request.version} → ${request.environment}`)}: into ${slot}; ${now}`,
    '',
    textTable(
      ['phase', 'does', 'undo'],
      steps.map(({ phase, does, undo }) => [phase, does, undo]),
    ),
    '',
    ...checks.map((check) => `${sign(check, colours)} ${check.name}: ${check.detail}`),
    ...(caveats.length > 0 ? ['', ...caveats.map((caveat) => `${colours.yellow('!')} ${caveat}`)] : []),
    '',
    failed === 0
      ? 'Nothing was changed. A release would pass these checks.'
      : colours.red(`Nothing was changed. A release would stop in preflight: ${saidNoText(failed, checks.length)}`),
  ].join('\n');
}

function sign({ ok, warning }: PlanAnswer['checks'][number], { green, yellow, red }: Colours): string {
  if (!ok) return red('✗');
  return warning ? yellow('!') : green('✓');
}
