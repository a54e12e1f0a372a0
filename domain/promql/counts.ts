import { behindClosing, isAggregation, isMoved, readSelector, selectorsIn, tokensOf, type Token } from './promql';

// Spillway follows each counter by itself: a sum over replicas hides that one began anew, left or came back, and
// `increase` estimates. So it takes `sum`, `increase` over {{window}}, `or` and differences of sums apart.

export interface CounterTerm {
  selector: string;
  factor: 1 | -1;
}

export type CountQuery =
  /** Each counter is followed by itself. `zero`: no series means zero. */
  | { kind: 'counters'; terms: CounterTerm[]; zero: boolean }
  /** Each series of the answer is followed by itself. */
  | { kind: 'series' }
  /** The query itself counts what was within {{window}}. */
  | { kind: 'windows' };

/** Decides how to ask `bad` and `total`, or says what is wrong. {{window}} must stand in them unfilled. */
export function countQueries(
  bad: string,
  total: string,
): { bad: CountQuery; total: CountQuery } | { key: 'bad' | 'total'; mistake: string } {
  const [b, t] = [countQuery(bad), countQuery(total)];
  if ('mistake' in b) return { key: 'bad', ...b };
  if ('mistake' in t) return { key: 'total', ...t };
  if ((b.kind === 'windows') === (t.kind === 'windows')) return { bad: b, total: t };
  const key = b.kind === 'windows' ? 'total' : 'bad';
  return {
    key,
    mistake: 'expected `bad` and `total` to count in one way, seen counters and a count within {{window}}',
  };
}

function countQuery(query: string): CountQuery | { mistake: string } {
  const parser = new Parser(query);
  const parsed = parser.all();
  const problem = movedOrRecorded(query);
  if (problem !== undefined) return { mistake: problem };
  if (parsed) return { kind: 'counters', ...parsed };
  return whole(query);
}

const INSTEAD = 'write the counter alone, as `orders_total{…}`: Spillway adds its series up, and what each rose by';
/** These functions see only what lies in their range, so that windows one after the other add up. */
const COUNTING = new Set(['count_over_time', 'sum_over_time', 'present_over_time']);
/** These labels tell processes apart. */
const OWN = ['instance', 'pod'];

function movedOrRecorded(query: string): string | undefined {
  if (isMoved(query)) return 'expected counters of now, seen `offset` or `@`: leave it out';
  const windowed = selectorsIn(query).find(({ name = '' }) => /:.*(rate|increase|delta)(_?\d+[a-z]+)?$/.test(name));
  if (windowed)
    return `expected counters, seen ${windowed.name}, which a rule records of a window that slides: ${INSTEAD}`;
  return undefined;
}

function whole(query: string): CountQuery | { mistake: string } {
  const tokens = tokensOf(query);
  const words = tokens.filter(({ kind }, index) => kind === 'name' && tokens[index + 1]?.text === '(');
  const ranges = tokens.filter(({ text }) => text === '[').length;
  const windows = tokens.filter(({ kind }, index) => kind === 'window' && tokens[index - 1]?.text === '[').length;
  const isWindowed = tokens.some(({ kind }) => kind === 'window');
  if (ranges > windows)
    return {
      mistake: `expected counters, or {{window}} as the range, seen a window that slides, so that one event would be counted several times: ${INSTEAD}`,
    };
  const estimating = words.find(({ text }) => /^(increase|rate|irate|delta|idelta|deriv|changes|resets)$/i.test(text));
  if (estimating)
    return {
      mistake: `expected counters, seen \`${estimating.text}\`, which estimates what no scrape saw: ${INSTEAD}`,
    };
  const other = words.find(({ text }) => /_over_time$/i.test(text) && !COUNTING.has(text.toLowerCase()));
  if (other) return { mistake: `expected events that are counted, seen \`${other.text}\`: ${INSTEAD}` };
  if (isWindowed) return { kind: 'windows' };
  const hiding = tokens.findIndex((token, index) => isHiding(tokens, token, index));
  if (hiding < 0) return { kind: 'series' };
  return {
    mistake:
      `expected each counter by itself, seen \`${tokens[hiding]!.text}\`, which hides that a replica began anew, left or came ` +
      `back: ${INSTEAD}`,
  };
}

function isHiding(tokens: Token[], { kind, text }: Token, index: number): boolean {
  if (kind !== 'name' || !isAggregation(text)) return false;
  const next = tokens[index + 1]?.text.toLowerCase();
  if (next !== '(' && next !== 'by' && next !== 'without') return false;
  return !keepsProcesses(tokens, index);
}

function keepsProcesses(tokens: Token[], index: number): boolean {
  const before = tokens[index + 1]!.text.toLowerCase();
  const at = before === '(' ? behindClosing(tokens, index + 1) : index + 1;
  const how = tokens[at]?.text.toLowerCase();
  if (how !== 'by' && how !== 'without') return false;
  const labels = tokens.slice(at + 2, behindClosing(tokens, at + 1)).map(({ text }) => text);
  return how === 'by' ? OWN.some((one) => labels.includes(one)) : !OWN.some((one) => labels.includes(one));
}

interface Parsed {
  terms: CounterTerm[];
  zero: boolean;
  /** True for a single number, to which others may be added. */
  isSingle: boolean;
}

/** Takes a query apart; undefined when it is more than sums of counters. */
class Parser {
  private readonly tokens: Token[];
  private at = 0;

  constructor(private readonly query: string) {
    this.tokens = tokensOf(query);
  }

  all(): Omit<Parsed, 'isSingle'> | undefined {
    const found = this.either();
    return found && this.at === this.tokens.length && found.terms.length > 0
      ? { terms: found.terms, zero: found.zero }
      : undefined;
  }

  private either(): Parsed | undefined {
    let found = this.difference();
    while (found && this.takes('or')) {
      const other = this.difference();
      // `or` between two sums answers only the first, so only zero may follow a sum.
      if (!other || (found.isSingle && other.terms.length > 0)) return undefined;
      found = merged(found, other, 1, found.isSingle);
    }
    return found;
  }

  private difference(): Parsed | undefined {
    let found = this.term();
    while (found && (this.next() === '+' || this.next() === '-')) {
      const factor = this.tokens[this.at++]!.text === '+' ? 1 : -1;
      const other = this.term();
      // Series would be matched by their labels, which nobody knows here.
      if (!other || !found.isSingle || !other.isSingle) return undefined;
      found = merged(found, other, factor, true);
    }
    return found;
  }

  private term(): Parsed | undefined {
    if (this.takes('(')) {
      const inner = this.either();
      return this.takes(')') ? inner : undefined;
    }
    const word = this.next();
    if (word === 'sum' || word === 'max') return this.aggregation(word);
    if (word === 'increase') return this.increase();
    if (word === 'vector') return this.nothing();
    const read = readSelector(this.query, this.tokens, this.at);
    if (!read || read.selector.range !== undefined || read.selector.moved) return undefined;
    this.at = read.next;
    return { terms: [{ selector: read.selector.text, factor: 1 }], zero: false, isSingle: false };
  }

  /** `sum` adds counters as Spillway does. `max` over the copies of one process is its counter. */
  private aggregation(word: 'sum' | 'max'): Parsed | undefined {
    if (word === 'max' && !keepsProcesses(this.tokens, this.at)) return undefined;
    this.at++;
    const before = this.grouping();
    if (this.next() !== '(') return undefined;
    this.at++;
    const inner = this.either();
    if (!inner || !this.takes(')') || inner.terms.some(({ factor }) => factor < 0)) return undefined;
    const isGrouped = this.grouping() || before;
    return { ...inner, isSingle: word === 'sum' && !isGrouped };
  }

  private grouping(): boolean {
    const word = this.next();
    if (word !== 'by' && word !== 'without') return false;
    this.at = behindClosing(this.tokens, this.at + 1);
    return true;
  }

  private increase(): Parsed | undefined {
    this.at++;
    if (!this.takes('(')) return undefined;
    const read = readSelector(this.query, this.tokens, this.at);
    if (!read || !/^\{\{\s*window\s*\}\}$/.test(read.selector.range ?? '') || read.selector.moved) return undefined;
    this.at = read.next;
    if (!this.takes(')')) return undefined;
    return { terms: [{ selector: read.selector.text, factor: 1 }], zero: false, isSingle: false };
  }

  private nothing(): Parsed | undefined {
    const [, open, zero, close] = this.tokens.slice(this.at, this.at + 4).map(({ text }) => text);
    if (open !== '(' || Number(zero) !== 0 || close !== ')') return undefined;
    this.at += 4;
    return { terms: [], zero: true, isSingle: true };
  }

  private next(): string | undefined {
    return this.tokens[this.at]?.text.toLowerCase();
  }

  private takes(text: string): boolean {
    const isNext = this.next() === text;
    if (isNext) this.at++;
    return isNext;
  }
}

function merged(one: Parsed, other: Parsed, factor: 1 | -1, isSingle: boolean): Parsed {
  const terms = other.terms.map((term) => ({ ...term, factor: (term.factor * factor) as 1 | -1 }));
  return { terms: [...one.terms, ...terms], zero: one.zero || other.zero, isSingle };
}
