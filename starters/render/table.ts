export function textTable(heading: string[], rows: string[][]): string {
  const lines = [heading, ...rows];
  const widths = heading.map((_, column) => Math.max(...lines.map((line) => visibleLength(line[column] ?? ''))));
  return lines
    .map((line) =>
      line
        .map((cell, column) => cell + ' '.repeat(widths[column]! - visibleLength(cell)))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

export function markdownTable(heading: string[], rows: string[][]): string {
  const line = (cells: string[]) =>
    `| ${cells.map((cell) => cell.replace(/\|/g, '\\|').replace(/\s+/g, ' ')).join(' | ')} |`;
  return [line(heading), line(heading.map(() => '---')), ...rows.map(line)].join('\n');
}

/** The width counts visible characters, since the line may hold colours. */
export function cutLine(line: string, width: number): string {
  if (visibleLength(line) <= width) return line;
  let shown = 0;
  let cut = '';
  for (const part of line.split(COLOUR)) {
    if (part.startsWith('\u001b[')) {
      cut += part;
    } else {
      cut += part.slice(0, Math.max(0, width - 1 - shown));
      shown += part.length;
    }
  }
  return `${cut}…`;
}

const COLOUR = /(\u001b\[\d+m)/;

/** Counts without colours. */
export function visibleLength(text: string): number {
  return text.split(COLOUR).reduce((length, part) => length + (part.startsWith('\u001b[') ? 0 : part.length), 0);
}
