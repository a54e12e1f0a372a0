import { createInterface } from 'node:readline';

type Wish = 'detach' | 'abort';

export type SignalMeaning = 'ask' | Wish;

/** The second signal always detaches: a person, or a CI job that is being cancelled, must be able to leave. */
export class Interruption {
  private signals = 0;
  private wake: () => void = () => undefined;
  private readonly listener = (signal: NodeJS.Signals): void => {
    this.signals += 1;
    this.last = signal;
    this.wake();
  };
  last: NodeJS.Signals | undefined;

  constructor(private readonly meaning: SignalMeaning) {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, this.listener);
  }

  async pause(milliseconds: number): Promise<void> {
    if (this.last !== undefined) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, milliseconds);
      this.wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
    this.wake = () => undefined;
  }

  /** Undefined when no signal came since the last call, or when the person goes on. */
  async wish(): Promise<Wish | undefined> {
    const signal = this.last;
    if (signal === undefined) return undefined;
    this.last = undefined;
    if (this.signals > 1) return 'detach';
    if (this.meaning !== 'ask') return this.meaning;
    // SIGTERM comes from outside, where nobody can be asked.
    if (signal !== 'SIGINT') return 'detach';
    const answer = await askPerson();
    this.signals = 0;
    return answer;
  }

  end(): void {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.removeListener(signal, this.listener);
  }
}

function askPerson(): Promise<Wish | undefined> {
  const reader = createInterface({ input: process.stdin, output: process.stderr });
  return new Promise((resolve) => {
    const answer = (wish: Wish | undefined): void => {
      resolve(wish);
      reader.close();
    };
    // The person pressed Ctrl-C again, or the input ended.
    reader.on('SIGINT', () => answer('detach'));
    reader.on('close', () => answer('detach'));
    reader.question(
      '\n(d)etach and let it go on, (a)bort and put everything back, or Enter to keep watching? ',
      (text) => answer({ d: 'detach', a: 'abort' }[text.trim().toLowerCase().slice(0, 1)] as Wish | undefined),
    );
  });
}
