import type { Judgement, MetricVerdict } from '../release';
import type { Point } from './series';
import { formatDuration, formatSize } from '../units';

export interface Panel {
  name: string;
  unit: 'ms' | '%' | 'bytes' | '';
  points: readonly Point[];
  verdict?: Pick<MetricVerdict, 'label' | 'reason' | 'dryRun'>;
}

export interface Picture {
  title: string;
  judgement: Pick<Judgement, 'verdict' | 'reason'>;
  decidedAt: number;
  canary: string;
  live: string;
  panels: readonly Panel[];
}

const WIDTH = 760;
const HEAD = 84;
const PANEL = 150;
const LEFT = 76;
const RIGHT = 20;
const PLOT = { top: 46, height: 76 };
const LINE = 112;

const STYLE = `
  svg { --paper: #fff; --ink: #1d2433; --dim: #667085; --rule: #d8dce5; --new: #c2540a; --old: #1f6feb; --bad: #b42318; --good: #1a7f37; }
  @media (prefers-color-scheme: dark) {
    svg { --paper: #12161f; --ink: #e6e9f0; --dim: #98a2b3; --rule: #2d3545; --new: #ff9a52; --old: #79b0ff; --bad: #ff8a80; --good: #6fd08c; }
  }
  text { font: 12px system-ui, sans-serif; fill: var(--ink); } .dim { fill: var(--dim); } .title { font-size: 15px; font-weight: 600; }
  .name { font-weight: 600; } .bad { fill: var(--bad); } .good { fill: var(--good); } .right { text-anchor: end; }
  path { fill: none; stroke-width: 1.6; stroke-linecap: round; stroke-linejoin: round; }
  .new { stroke: var(--new); } .old { stroke: var(--old); } .rule { stroke: var(--rule); stroke-width: 1; }
  .decision { stroke: var(--ink); stroke-width: 1; stroke-dasharray: 4 3; }`;

/** Draws an SVG for light and dark pages. The caller must have removed secrets. */
export function drawPicture(picture: Picture): string {
  const height = HEAD + PANEL * Math.max(1, picture.panels.length);
  const panels = picture.panels.map((panel, index) => drawPanel(panel, picture, HEAD + index * PANEL));
  const nothing = text(LEFT, HEAD + 30, 'nothing was measured', 'dim');
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${height}" viewBox="0 0 ${WIDTH} ${height}" role="img">`,
    `<title>${escaped(picture.title)}</title>`,
    `<style>${STYLE}\n</style>`,
    `<rect width="${WIDTH}" height="${height}" style="fill: var(--paper)"/>`,
    ...head(picture),
    ...(panels.length > 0 ? panels.flat() : [nothing]),
    '</svg>\n',
  ].join('\n');
}

function head({ title, judgement, canary, live }: Picture): string[] {
  const half = WIDTH / 2;
  return [
    text(20, 26, title, 'title'),
    text(
      20,
      46,
      `${judgement.verdict}: ${judgement.reason.split('\n', 1)[0]}`,
      judgement.verdict === 'fail' ? 'bad' : '',
    ),
    path('new', 'M20 64h22'),
    text(48, 68, canary, 'dim'),
    path('old', `M${half} 64h22`),
    text(half + 28, 68, live, 'dim'),
  ];
}

function drawPanel(panel: Panel, picture: Picture, y: number): string[] {
  const { top, height } = PLOT;
  const scale = scaleOf(panel);
  const at = (value: number): number => round(y + top + height * (1 - (value - scale.low) / (scale.high - scale.low)));
  const when = (ms: number): number =>
    round(LEFT + (WIDTH - LEFT - RIGHT) * clamp(ms / Math.max(1, picture.decidedAt)));
  const line = (slot: 1 | 2): string => lineOf(panel.points, slot, when, at);
  const decided = when(picture.decidedAt);
  return [
    text(20, y + 14, panel.name, 'name'),
    ...verdictLines(panel, y),
    ...[scale.low, (scale.low + scale.high) / 2, scale.high].flatMap((value) => [
      path('rule', `M${LEFT} ${at(value)}H${WIDTH - RIGHT}`),
      text(LEFT - 8, at(value) + 4, valueText(value, panel.unit), 'dim right'),
    ]),
    path('old', line(2)),
    path('new', line(1)),
    path('decision', `M${decided} ${y + top - 6}V${y + top + height + 6}`),
    text(LEFT, y + top + height + 18, '0', 'dim'),
    text(Math.max(LEFT + 60, decided), y + top + height + 18, decisionText(picture), 'dim right'),
  ];
}

function verdictLines({ verdict }: Panel, y: number): string[] {
  if (!verdict) return [];
  const { label, reason, dryRun } = verdict;
  const colour = label === 'high' || label === 'low' ? 'bad' : label === 'pass' ? 'good' : 'dim';
  const shown = dryRun ? `${label}, shown only` : label;
  return [text(WIDTH - RIGHT, y + 14, shown, `${colour} right`), text(20, y + 30, reason, 'dim')];
}

function decisionText({ judgement, decidedAt }: Picture): string {
  return `${judgement.verdict} after ${formatDuration(decidedAt)}`;
}

// It starts at zero, since another start makes small differences look large.
function scaleOf({ points }: Panel): { low: number; high: number } {
  const values = points.flatMap(([, canary, live]) => [canary, live]).filter((value) => value !== null);
  const low = values.reduce((least, value) => Math.min(least, value), 0);
  const high = values.reduce((most, value) => Math.max(most, value), 0);
  return { low, high: high > low ? high : low + 1 };
}

function lineOf(
  points: readonly Point[],
  slot: 1 | 2,
  when: (ms: number) => number,
  at: (value: number) => number,
): string {
  let isDrawing = false;
  return points
    .map((point) => {
      const value = point[slot];
      const begins = !isDrawing;
      isDrawing = value !== null;
      if (value === null) return '';
      const place = `${when(point[0])} ${at(value)}`;
      return begins ? `M${place}h0` : `L${place}`;
    })
    .join('');
}

function valueText(value: number, unit: Panel['unit']): string {
  switch (unit) {
    case 'ms':
      return formatDuration(value);
    case 'bytes':
      return formatSize(Math.round(value));
    case '%':
      return `${Number(value.toPrecision(3))} %`;
    case '':
      return String(Number(value.toPrecision(3)));
  }
}

function path(kind: string, d: string): string {
  return `<path class="${kind}" d="${d}"/>`;
}

function text(x: number, y: number, words: string, kind: string): string {
  return `<text x="${x}" y="${y}"${kind ? ` class="${kind}"` : ''}>${escaped(cut(words))}</text>`;
}

function cut(words: string): string {
  const line = words.split('\n', 1)[0]!;
  return line.length <= LINE ? line : `${line.slice(0, LINE - 1)}…`;
}

function escaped(words: string): string {
  return words
    .replace(/[\p{Cc}\p{Cs}\uFFFE\uFFFF]/gu, ' ')
    .replace(/&/g, '&amp;')
    .replace(/</g, '&lt;')
    .replace(/>/g, '&gt;')
    .replace(/"/g, '&quot;');
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}

function clamp(part: number): number {
  return Math.min(1, Math.max(0, part));
}
