// This is as much of PromQL as tells which series and ranges a query reads. It passes over what it does not know, since
// other servers know more. See https://prometheus.io/docs/prometheus/latest/querying/basics/.

export interface Token {
  kind: 'name' | 'text' | 'number' | 'window' | 'sign';
  text: string;
  from: number;
  to: number;
}

interface Selector {
  text: string;
  /** Undefined when the metric does not stand before the braces. */
  name: string | undefined;
  /** As written: `5m`, `{{window}}`. `rangesIn` finds the range of a subquery around it. */
  range: string | undefined;
  /** `offset` or `@` behind it, as written; empty without. */
  moved: string;
}

const TOKEN =
  /\s+|#[^\n]*|(?<window>\{\{\s*window\s*\}\})|(?<text>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|`[^`]*`)|(?<number>(?:0x[0-9a-f]+|\d+(?:\.\d+)?(?:e[+-]?\d+)?|\.\d+)[a-z0-9]*)|(?<name>[a-z_:][a-z0-9_:]*)|(?<sign>[=!]~|[=!<>]=|\|[=~>]|.)/gisu;

export function tokensOf(query: string): Token[] {
  return [...query.matchAll(TOKEN)].flatMap(({ 0: text, index, groups = {} }) => {
    const kind = (['window', 'text', 'number', 'name', 'sign'] as const).find((one) => groups[one] !== undefined);
    return kind ? [{ kind, text, from: index, to: index + text.length }] : [];
  });
}

const AGGREGATIONS = 'sum avg min max count group stddev stdvar topk bottomk quantile count_values limitk limit_ratio';
const AGGREGATION = new Set(AGGREGATIONS.split(' '));
/** Behind these words, labels stand in parentheses. */
const LABELLED = new Set(['by', 'without', 'on', 'ignoring', 'group_left', 'group_right']);
const OTHERS = 'and or unless atan2 offset bool inf nan start end smoothed anchored';
const KEYWORD = new Set([...LABELLED, ...OTHERS.split(' ')]);

export function isAggregation(word: string): boolean {
  return AGGREGATION.has(word.toLowerCase());
}

/** Returns the index behind the closing bracket, or the number of tokens when it never closes. */
export function behindClosing(tokens: Token[], open: number): number {
  let depth = 0;
  for (let index = open; index < tokens.length; index++) {
    const { kind, text } = tokens[index]!;
    if (kind !== 'sign') continue;
    if ('([{'.includes(text)) depth++;
    if (')]}'.includes(text) && --depth === 0) return index + 1;
  }
  return tokens.length;
}

export function selectorsIn(query: string): Selector[] {
  const tokens = tokensOf(query);
  const found: Selector[] = [];
  for (let index = 0; index < tokens.length;) {
    const { kind, text } = tokens[index]!;
    const next = tokens[index + 1]?.text;
    if (kind === 'name' && LABELLED.has(text.toLowerCase()) && next === '(') index = behindClosing(tokens, index + 1);
    else if (kind === 'sign' && text === '[') index = behindClosing(tokens, index);
    else {
      const read = readSelector(query, tokens, index);
      if (read) found.push(read.selector);
      index = read?.next ?? index + 1;
    }
  }
  return found;
}

export function readSelector(
  query: string,
  tokens: Token[],
  index: number,
): { selector: Selector; next: number } | undefined {
  const first = tokens[index];
  if (!first) return undefined;
  const isName = first.kind === 'name';
  if (isName && (KEYWORD.has(first.text.toLowerCase()) || tokens[index + 1]?.text === '(')) return undefined;
  if (isName && isAggregation(first.text) && LABELLED.has(tokens[index + 1]?.text.toLowerCase() ?? ''))
    return undefined;
  if (!isName && !(first.kind === 'sign' && first.text === '{')) return undefined;
  const braces = isName ? index + 1 : index;
  let next = tokens[braces]?.text === '{' ? behindClosing(tokens, braces) : index + 1;
  const text = query.slice(first.from, tokens[next - 1]!.to);
  let range: string | undefined;
  if (tokens[next]?.text === '[') {
    const end = behindClosing(tokens, next);
    range = query.slice(tokens[next]!.to, tokens[end - 1]!.from).trim();
    next = end;
  }
  const modified = behindModifiers(tokens, next);
  const moved = modified > next ? query.slice(tokens[next]!.from, tokens[modified - 1]!.to) : '';
  return { selector: { text, name: isName ? first.text : undefined, range, moved }, next: modified };
}

function behindModifiers(tokens: Token[], from: number): number {
  let index = from;
  for (;;) {
    const word = tokens[index]?.text.toLowerCase();
    if (word !== 'offset' && word !== '@') return index;
    index++;
    if (tokens[index]?.text === '-' || tokens[index]?.text === '+') index++;
    index++;
    if (tokens[index]?.text === '(') index = behindClosing(tokens, index);
  }
}

export function isMoved(query: string): boolean {
  return tokensOf(query).some(({ kind, text }) => (kind === 'name' ? /^offset$/i.test(text) : text === '@'));
}

function rangesIn(query: string): string[] {
  const tokens = tokensOf(query);
  return tokens.flatMap(({ kind, text, to }, index) => {
    if (kind !== 'sign' || text !== '[') return [];
    const inner = query.slice(to, tokens[behindClosing(tokens, index) - 1]!.from);
    return [inner.split(':')[0]!.trim()];
  });
}

const UNITS: Record<string, number> = {
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
  y: 31_536_000_000,
};

/** Reads a duration of PromQL, `1h30m` or a number of seconds, as ms; undefined when it is none. */
function promDuration(text: string): number | undefined {
  if (/^\d+(\.\d+)?$/.test(text)) return Number(text) * 1_000;
  if (!/^(\d+(ms|[smhdwy]))+$/.test(text)) return undefined;
  return [...text.matchAll(/(\d+)(ms|[smhdwy])/g)].reduce(
    (sum, [, count, unit]) => sum + Number(count) * UNITS[unit!]!,
    0,
  );
}

/**
 * Returns the ms that a value covers at most: the longest range and all subqueries. Recording rules have theirs in the
 * name, `job:requests:rate5m` (https://prometheus.io/docs/practices/rules/).
 */
export function coverageOf(query: string): number {
  const tokens = tokensOf(query);
  const isSubquery = ({ text }: Token, index: number): boolean =>
    text === '[' && query.slice(tokens[index]!.to, tokens[behindClosing(tokens, index) - 1]!.from).includes(':');
  const lengths = rangesIn(query).map((range) => promDuration(range) ?? 0);
  const opens = tokens.flatMap((token, index) => (token.text === '[' ? [isSubquery(token, index)] : []));
  const subqueries = lengths.filter((_, index) => opens[index]);
  const ranges = lengths.filter((_, index) => !opens[index]);
  const recorded = selectorsIn(query).map(({ name = '' }) => recordedRange(name));
  return Math.max(0, ...ranges, ...recorded) + subqueries.reduce((sum, length) => sum + length, 0);
}

function recordedRange(name: string): number {
  const [, range] = /:.*?(?:rate|increase|delta|over_time|avg|sum)_?(\d+(?:ms|[smhdwy]))$/.exec(name) ?? [];
  return range === undefined ? 0 : promDuration(range)!;
}
