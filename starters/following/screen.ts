import type { ReleaseStatus } from '../../domain/release';
import type { Out } from '../output';
import { coloursFor } from '../output';
import { renderEvents } from '../render/events';
import { cutLine, visibleLength } from '../render/table';
import { renderTree } from '../render/tree';
import type { Surroundings } from '../render/tree';
import { silenceText, troubleText } from '../render/troubles';
import type { Trouble } from '../render/troubles';

export interface Screen {
  update(status: ReleaseStatus | undefined, around: Surroundings): void;
  /** Keeps what was drawn, so that something else may be printed below. */
  leave(): void;
}

export function liveScreen(stream: NodeJS.WriteStream): Screen {
  const colours = coloursFor(stream, process.env);
  let drawn: string[] = [];
  return {
    update(status, around) {
      const silence = around.silence === undefined ? [] : [colours.red(silenceText(around.silence))];
      const picture = status === undefined ? silence : renderTree(status, around, colours);
      const lines = fit(picture, stream);
      if (lines.join('\n') === drawn.join('\n')) return;
      const back = drawn.length === 0 ? '' : `\u001b[${rowsOf(drawn, stream.columns || 80)}A\u001b[J`;
      stream.write(`${back}${lines.map((line) => `${line}\n`).join('')}`);
      drawn = lines;
    },
    leave() {
      drawn = [];
    },
  };
}

export function plainLines(out: Out): Screen {
  let before: ReleaseStatus | undefined;
  let silentBefore: string | undefined;
  const isWorthTelling = patiently();
  const underWay = lasting();
  return {
    update(status, { now, silence, link, trouble }) {
      const lines = status === undefined ? [] : renderEvents(before, status, link);
      for (const line of [...lines, ...underWay(status, now)]) out.print(line);
      before = status ?? before;
      if (isWorthTelling(trouble)) out.print(troubleText(trouble!));
      // The duration changes with every look; only the beginning is an event.
      if (silence?.why !== silentBefore) out.print(silence ? silenceText(silence) : 'it answers again');
      silentBefore = silence?.why;
    },
    leave: () => undefined,
  };
}

/** Tells a phase once it has lasted: most are over before, and say so themselves. */
function lasting(): (status: ReleaseStatus | undefined, now: number) => string[] {
  let seen = -1;
  let since = 0;
  let told = true;
  return (status, now) => {
    const index = (status?.phases.length ?? 0) - 1;
    const phase = status?.phases[index];
    if (phase === undefined) return [];
    if (index !== seen) [seen, since, told] = [index, now, false];
    // The worker's clock may differ from the one here, so only looks are compared.
    if (told || phase.state !== 'running' || now - since < WORTH_TELLING_AFTER) return [];
    told = true;
    return [`${phase.phase} …`];
  };
}

/** Milliseconds. */
const WORTH_TELLING_AFTER = 3_000;

/** Tells a new trouble, then ever more seldom: an outage of an hour has hundreds of attempts. */
function patiently(): (trouble: Trouble | undefined) => boolean {
  let before: Trouble | undefined;
  let next = 0;
  return (trouble) => {
    const isNew = trouble?.step !== before?.step || trouble?.why !== before?.why;
    before = trouble;
    if (trouble === undefined || !(isNew || trouble.attempt >= next)) return false;
    next = trouble.attempt < 5 ? 5 : 2 * trouble.attempt;
    return true;
  };
}

// More rows than the terminal has cannot be redrawn. A terminal that does not know its size says 0.
function fit(lines: string[], { columns, rows }: NodeJS.WriteStream): string[] {
  const width = columns || 80;
  const shown = lines.map((line) => (LINK.test(line) ? line : cutLine(line, width)));
  while (rowsOf(shown, width) >= (rows || 24)) shown.shift();
  return shown;
}

/** A link that is cut leads nowhere, so its line goes on in the next row. */
const LINK = /https?:\/\/\S+$/;

function rowsOf(lines: string[], width: number): number {
  return lines.reduce((sum, line) => sum + Math.max(1, Math.ceil(visibleLength(line) / width)), 0);
}
