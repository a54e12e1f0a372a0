import { ConfigurationFailure, OutdatedFailure, UnreachableFailure } from '../domain/failures';
import {
  describeHolder,
  formatHolder,
  isHolder,
  mayTake,
  parseHolder,
  type Claimant,
  type Holder,
} from '../domain/fence';
import type { Io } from '../domain/host';
import type { Documents, Fence } from './state';

const NAME = 'fence';
/** Few others take an environment at the same moment. */
const ATTEMPTS = 20;

/** Only a release that has seen what the document holds can replace it. */
export class DocumentFence implements Fence {
  constructor(private readonly documents: Documents) {}

  get place(): string {
    return this.documents.placeOf(NAME);
  }

  async holder(io: Io): Promise<Holder | undefined> {
    return this.parse(await this.documents.read(NAME, io));
  }

  async take(claimant: Claimant, io: Io): Promise<void> {
    for (let attempt = 1; attempt <= ATTEMPTS; attempt += 1) {
      io.signal.throwIfAborted();
      const seen = await this.documents.read(NAME, io);
      const holder = this.parse(seen);
      if (holder?.id === claimant.id && holder.generation === (claimant.generation ?? holder.generation)) return;
      if (holder && !mayTake(holder, claimant)) throw this.outdated(claimant, holder);
      if (await this.documents.replace(NAME, { seen, by: formatHolder(claimant) }, io)) return;
    }
    throw new UnreachableFailure(
      `expected to replace ${this.place}, seen it change ${ATTEMPTS} times meanwhile: try again`,
    );
  }

  async expectHeld(claimant: Claimant, io: Io): Promise<void> {
    const holder = await this.holder(io);
    if (isHolder(holder, claimant)) return;
    const { id, app, environment } = claimant;
    const seen = holder ? `names ${holder.id === id ? describeHolder(holder) : holder.id}` : 'does not exist';
    throw new OutdatedFailure(
      `expected release ${id} to hold ${app}/${environment}, but ${this.place} ${seen}: ` +
        'this step is late and did nothing; run `spillway status`',
    );
  }

  private parse(text: string | undefined): Holder | undefined {
    const holder = parseHolder(text);
    if (!holder || !('mistake' in holder)) return holder;
    throw new ConfigurationFailure(
      `${holder.mistake} in ${this.place}: somebody changed it; put it right, or remove it while nothing is released`,
    );
  }

  private outdated({ id, app, environment, generation = 0 }: Claimant, holder: Holder): OutdatedFailure {
    return new OutdatedFailure(
      `expected ${describeHolder({ id, generation })} to take ${app}/${environment}, but ${this.place} names ` +
        `${describeHolder(holder)}: another release began later, so this one changed nothing; run \`spillway status\`, ` +
        'and release again if nothing is being released',
    );
  }
}
