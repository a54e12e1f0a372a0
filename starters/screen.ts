import type { ReleaseStatus } from '../domain/release';
import type { Out } from './output';
import { coloursFor } from './output';
import { renderEvents } from './render-events';
import { cutLine } from './render-table';
import { renderTree } from './render-tree';
import type { Surroundings } from './render-tree';

/** How a release that goes on is shown. */
export interface Screen {
  update(status: ReleaseStatus | undefined, around: Surroundings): void;
  /** Leaves what was drawn where it is, so that something else may be printed below it. */
  leave(): void;
}

/** A picture that is redrawn in place. */
export function liveScreen(stream: NodeJS.WriteStream): Screen {
  const colours = coloursFor(stream, process.env);
  let drawn: string[] = [];
  return {
    update(status, around) {
      const silence = around.silence === undefined ? [] : [colours.red(around.silence)];
      const picture = status === undefined ? silence : renderTree(status, around, colours);
      const lines = fit(picture, stream);
      if (lines.join('\n') === drawn.join('\n')) return;
      // Up to where the last picture began, then clear all below.
      const back = drawn.length === 0 ? '' : `\u001b[${drawn.length}A\u001b[J`;
      stream.write(`${back}${lines.map((line) => `${line}\n`).join('')}`);
      drawn = lines;
    },
    leave() {
      drawn = [];
    },
  };
}

/** One line per event, for logs and pipes. */
export function plainLines(out: Out): Screen {
  let before: ReleaseStatus | undefined;
  let silentBefore: string | undefined;
  let troubleBefore: string | undefined;
  return {
    update(status, { silence, link, trouble }) {
      const begins = before === undefined && status !== undefined;
      if (status !== undefined) for (const line of renderEvents(before, status)) out.print(line);
      if (begins && link !== undefined) out.print(link);
      before = status ?? before;
      if (trouble !== undefined && trouble !== troubleBefore) out.print(trouble);
      troubleBefore = trouble;
      // How long it lasts changes with every look; that it began is the event.
      const silent = silence?.replace(/ since .*$/, '');
      if (silent !== silentBefore) out.print(silence ?? 'it answers again');
      silentBefore = silent;
    },
    leave: () => undefined,
  };
}

// More lines than the terminal has cannot be taken back: the newest matter.
// A terminal that does not know its size says 0.
function fit(lines: string[], { columns, rows }: NodeJS.WriteStream): string[] {
  return lines.slice(1 - (rows || 24)).map((line) => cutLine(line, columns || 80));
}
