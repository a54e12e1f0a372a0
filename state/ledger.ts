import { ConfigurationFailure } from '../domain/failures';
import type { Io } from '../domain/host';
import type { LedgerEntry } from '../domain/release';
import type { Archive, Documents, Ledger } from './state';

const FOLDER = 'ledger';
/** An answer, in characters, must stay far below the 2 MB that Temporal takes. */
const LONGEST_ANSWER = 1_000_000;

/** An environment that was removed and came back has entries in the archive, too. */
export class DocumentLedger implements Ledger {
  constructor(
    private readonly documents: Documents,
    private readonly archive: Pick<Archive, 'all'>,
  ) {}

  write(entry: LedgerEntry, io: Io): Promise<void> {
    return this.documents.write(nameOf(entry.release.id), `${JSON.stringify(entry, null, 2)}\n`, io);
  }

  async find(releaseId: string, io: Io): Promise<LedgerEntry | undefined> {
    for (const documents of [this.documents, ...(await this.archive.all(io))]) {
      const entry = await entryIn(documents, releaseId, io);
      if (entry) return parse(entry);
    }
    return undefined;
  }

  async ids(io: Io): Promise<ReadonlySet<string>> {
    return new Set((await this.places(io)).keys());
  }

  async page({ before, limit }: { before?: string; limit: number }, io: Io): Promise<LedgerEntry[]> {
    const places = await this.places(io);
    const ids = [...places.keys()]
      .filter((id) => before === undefined || id < before)
      // Ids begin with their time.
      .sort()
      .reverse()
      .slice(0, Math.max(0, limit));
    const entries: LedgerEntry[] = [];
    let length = 0;
    for (const id of ids) {
      const entry = await entryIn(places.get(id)!, id, io);
      if (entry === undefined) continue;
      length += entry.text.length;
      // At least one entry is answered, so that paging goes on.
      if (entries.length > 0 && length > LONGEST_ANSWER) break;
      entries.push(parse(entry));
    }
    return entries;
  }

  private async places(io: Io): Promise<Map<string, Documents>> {
    const places = new Map<string, Documents>();
    for (const documents of [...(await this.archive.all(io)), this.documents]) {
      const names = (await documents.list(FOLDER, io)).filter((name) => name.endsWith('.json'));
      for (const name of names) places.set(name.slice(0, -'.json'.length), documents);
    }
    return places;
  }
}

interface Text {
  place: string;
  text: string;
}

async function entryIn(documents: Documents, releaseId: string, io: Io): Promise<Text | undefined> {
  const text = await documents.read(nameOf(releaseId), io);
  return text === undefined ? undefined : { place: documents.placeOf(nameOf(releaseId)), text };
}

function parse({ place, text }: Text): LedgerEntry {
  try {
    return JSON.parse(text) as LedgerEntry;
  } catch {
    throw new ConfigurationFailure(
      `expected ${place} on the target to hold a ledger entry as JSON, seen something else: somebody changed it; ` +
        'put it right, or move it away',
    );
  }
}

function nameOf(releaseId: string): string {
  return `${FOLDER}/${releaseId}.json`;
}
