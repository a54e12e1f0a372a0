import type { LedgerEntry } from '../../domain/release';
import { formatSize } from '../../domain/units';
import type { Colours } from '../output';
import { judgedInWords } from './judged';
import { markdownTable, textTable } from './table';
import { oneLine, outcomeText, timeText, tookOf } from './words';

const HEADING = ['version', 'outcome', 'started (UTC)', 'took', 'by', 'commit', 'images', 'judged', 'note'];

export function renderHistory(entries: LedgerEntry[], colours: Colours): string {
  const rows = entries.map((entry) => row(entry, outcomeText(entry.outcome, colours)));
  return textTable(HEADING, rows);
}

export function renderHistoryMarkdown(entries: LedgerEntry[], title: string): string {
  const table = markdownTable(
    HEADING,
    entries.map((entry) => row(entry, entry.outcome)),
  );
  return `# ${title}\n\n${table}\n`;
}

function row(entry: LedgerEntry, outcome: string): string[] {
  const { release, startedAt, endedAt, who, git, images, judged, note, why, migrations = [] } = entry;
  const size = images.reduce((sum, image) => sum + image.size, 0);
  const commit = git ? `${git.commit.slice(0, 8)}${git.dirty ? '+' : ''} ${git.branch}` : '';
  return [
    release.version,
    outcome,
    timeText(startedAt),
    tookOf({ startedAt, endedAt }, endedAt),
    who,
    commit.trim(),
    images.length === 0 ? '' : formatSize(size),
    judgedInWords(judged),
    // A failure may quote a whole log; its beginning says enough.
    [migrations.join(', '), note, why && oneLine(why)].filter(Boolean).join(' — '),
  ];
}
