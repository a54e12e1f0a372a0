import type { Comparison } from './judge-detection';

/* Draws how likely a bad canary is found after how many requests. */

const SIZE = { width: 860, height: 400 };
const PANEL = { width: 330, height: 240, top: 70, gap: 430, left: 70 };
const REQUESTS = { from: 50, to: 10_000, ticks: [50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000] };
const CURVES = [
  { key: 'ours', label: 'Spillway', colour: '#0b6e4f', dash: '' },
  { key: 'kayentaStyle', label: 'ranks, as Kayenta', colour: '#b5541c', dash: '7 4' },
  { key: 'threshold', label: 'fixed limit', colour: '#4a5a8a', dash: '2 3' },
] as const;

export interface Panel {
  title: string;
  comparison: Comparison;
}

/** An SVG with a panel for each comparison. */
export function detectionChart(panels: Panel[]): string {
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${SIZE.width} ${SIZE.height}" font-family="sans-serif" font-size="12" fill="#222">
<title>How likely a bad canary is found after how many of its requests, at 1 % false alarms</title>
<rect width="100%" height="100%" fill="white"/>
<text x="${PANEL.left}" y="24" font-size="15" font-weight="bold">Bad canaries found after so many of their requests, at 1 % false alarms</text>
${panels.map((panel, index) => `<g transform="translate(${PANEL.left + index * PANEL.gap} ${PANEL.top})">${draw(panel)}</g>`).join('\n')}
${legend()}
</svg>
`;
}

function draw({ title, comparison }: Panel): string {
  const { width, height } = PANEL;
  const vertical = REQUESTS.ticks.map(
    (tick) =>
      `<path d="M${x(tick)} 0V${height}" stroke="#e4e4e4"/><text x="${x(tick)}" y="${height + 16}" text-anchor="middle">${tick >= 1_000 ? `${tick / 1_000}k` : tick}</text>`,
  );
  const horizontal = [0, 25, 50, 75, 100].map(
    (part) =>
      `<path d="M0 ${y(part / 100)}H${width}" stroke="#e4e4e4"/><text x="-8" y="${y(part / 100) + 4}" text-anchor="end">${part} %</text>`,
  );
  const curves = CURVES.map(
    ({ key, colour, dash }) =>
      `<path d="${curve(comparison[key].requests)}" fill="none" stroke="${colour}" stroke-width="2.5" stroke-dasharray="${dash}"/>`,
  );
  return `
<text x="0" y="-12" font-weight="bold">${title}</text>
${[...vertical, ...horizontal, ...curves].join('\n')}
<text x="${width / 2}" y="${height + 38}" text-anchor="middle">requests of the canary</text>
<text transform="translate(-48 ${height / 2}) rotate(-90)" text-anchor="middle">found by then</text>`;
}

function legend(): string {
  const top = PANEL.top + PANEL.height + 66;
  return CURVES.map(({ label, colour, dash }, index) => {
    const left = PANEL.left + index * 190;
    return `<path d="M${left} ${top}h34" stroke="${colour}" stroke-width="2.5" stroke-dasharray="${dash}"/><text x="${left + 42}" y="${top + 4}">${label}</text>`;
  }).join('\n');
}

/** @param requests ascending, until each canary was found */
function curve(requests: readonly number[]): string {
  const steps = requests.flatMap((after, index) =>
    after > REQUESTS.to ? [] : [{ after, part: (index + 1) / requests.length }],
  );
  // A hundred points are enough for the eye.
  const drawn = steps.filter((_, index) => index % Math.ceil(steps.length / 100) === 0 || index === steps.length - 1);
  const found = drawn.at(-1)?.part ?? 0;
  return `M0 ${y(0)}${drawn.map(({ after, part }) => `L${x(after)} ${y(part)}`).join('')}L${x(REQUESTS.to)} ${y(found)}`;
}

function x(requests: number): number {
  const place = Math.log(Math.max(requests, REQUESTS.from) / REQUESTS.from) / Math.log(REQUESTS.to / REQUESTS.from);
  return Math.round(place * PANEL.width * 10) / 10;
}

function y(part: number): number {
  return Math.round((1 - part) * PANEL.height * 10) / 10;
}
