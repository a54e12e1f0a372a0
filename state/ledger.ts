import { ConfigurationFailure } from '../domain/failures';
import type { Io } from '../domain/host';
import type { LedgerEntry } from '../domain/release';
import type { Documents, Ledger } from './state';

const FOLDER = 'ledger';
/** An answer, in characters, must stay far below the 2 MB that Temporal takes. */
const LONGEST_ANSWER = 1_000_000;

export class DocumentLedger implements Ledger {
  constructor(private readonly documents: Documents) {}

  write(entry: LedgerEntry, io: Io): Promise<void> {
    return this.documents.write(nameOf(entry.release.id), `${JSON.stringify(entry, null, 2)}\n`, io);
  }

  async find(releaseId: string, io: Io): Promise<LedgerEntry | undefined> {
    const text = await this.documents.read(nameOf(releaseId), io);
    return text === undefined ? undefined : this.parse(releaseId, text);
  }

  async ids(io: Io): Promise<ReadonlySet<string>> {
    const names = await this.documents.list(FOLDER, io);
    return new Set(names.filter((name) => name.endsWith('.json')).map((name) => name.slice(0, -'.json'.length)));
  }

  async page({ before, limit }: { before?: string; limit: number }, io: Io): Promise<LedgerEntry[]> {
    const ids = [...(await this.ids(io))]
      .filter((id) => before === undefined || id < before)
      // Ids begin with their time.
      .sort()
      .reverse()
      .slice(0, Math.max(0, limit));
    const entries: LedgerEntry[] = [];
    let length = 0;
    for (const id of ids) {
      const text = await this.documents.read(nameOf(id), io);
      if (text === undefined) continue;
      length += text.length;
      // At least one entry is answered, so that paging goes on.
      if (entries.length > 0 && length > LONGEST_ANSWER) break;
      entries.push(this.parse(id, text));
    }
    return entries;
  }

  private parse(releaseId: string, text: string): LedgerEntry {
    try {
      return JSON.parse(text) as LedgerEntry;
    } catch {
      throw new ConfigurationFailure(
        `expected ${this.documents.placeOf(nameOf(releaseId))} on the target to hold a ledger entry as JSON, seen ` +
          'something else: somebody changed it; put it right, or move it away',
      );
    }
  }
}

function nameOf(releaseId: string): string {
  return `${FOLDER}/${releaseId}.json`;
}
