/** What one way through a rule asks of a request: all of it must hold. */
export interface Way {
  hosts: string[];
  paths: string[];
  /** Those of which nothing below is meant. */
  exact: string[];
  /** Parts that a route cannot say, as the rule writes them. */
  others: string[];
}

type Token = { kind: 'word' | 'text' | 'sign'; text: string };

const EVERYTHING: Way = { hosts: [], paths: [], exact: [], others: [] };
/** A rule with more ways than this is told as it is. */
const MOST_WAYS = 64;

/**
 * Reads a rule of Traefik 2 or 3, such as ``Host(`a`) && (PathPrefix(`/x`) || Path(`/y`))``, as a list of ways, any of
 * which a request may take. Undefined when it is no such rule.
 */
export function waysOfRule(rule: string): Way[] | undefined {
  const tokens = tokensOf(rule);
  if (!tokens || tokens.length === 0) return undefined;
  const reader = new RuleReader(tokens);
  const ways = reader.either();
  return reader.isAtEnd ? ways : undefined;
}

function tokensOf(rule: string): Token[] | undefined {
  const tokens: Token[] = [];
  const pattern = /\s+|(\w+)|`([^`]*)`|"((?:[^"\\]|\\.)*)"|'([^']*)'|(&&|\|\||[!(),])/gy;
  while (pattern.lastIndex < rule.length) {
    const match = pattern.exec(rule);
    if (!match) return undefined;
    const [, word, raw, double, single, sign] = match;
    const text = raw ?? double ?? single;
    if (word !== undefined) tokens.push({ kind: 'word', text: word });
    else if (text !== undefined) tokens.push({ kind: 'text', text });
    else if (sign !== undefined) tokens.push({ kind: 'sign', text: sign });
  }
  return tokens;
}

class RuleReader {
  private at = 0;
  constructor(private readonly tokens: Token[]) {}

  get isAtEnd(): boolean {
    return this.at === this.tokens.length;
  }

  either(): Way[] | undefined {
    const ways = this.all();
    while (ways && this.takes('||')) {
      const more = this.all();
      if (!more || ways.length + more.length > MOST_WAYS) return undefined;
      ways.push(...more);
    }
    return ways && [...ways];
  }

  private all(): Way[] | undefined {
    let ways = this.one();
    while (ways && this.takes('&&')) {
      const more = this.one();
      if (!more || ways.length * more.length > MOST_WAYS) return undefined;
      ways = ways.flatMap((way) => more.map((other) => joined(way, other)));
    }
    return ways;
  }

  private one(): Way[] | undefined {
    const start = this.at;
    if (this.takes('!')) {
      const denied = this.one();
      return denied && [{ ...EVERYTHING, others: [this.textSince(start)] }];
    }
    if (this.takes('(')) {
      const inside = this.either();
      return inside && this.takes(')') ? inside : undefined;
    }
    return this.matcher(start);
  }

  private matcher(start: number): Way[] | undefined {
    const name = this.tokens[this.at++];
    if (name?.kind !== 'word' || !this.takes('(')) return undefined;
    const values: string[] = [];
    while (!this.takes(')')) {
      const token = this.tokens[this.at++];
      if (!token) return undefined;
      if (token.kind !== 'sign') values.push(token.text);
      else if (token.text !== ',') return undefined;
    }
    return waysOfMatcher(name.text, values, this.textSince(start));
  }

  private takes(sign: string): boolean {
    const token = this.tokens[this.at];
    if (token?.kind !== 'sign' || token.text !== sign) return false;
    this.at++;
    return true;
  }

  private textSince(start: number): string {
    return this.tokens
      .slice(start, this.at)
      .map(({ kind, text }) => (kind === 'text' ? `\`${text}\`` : text === ',' ? ', ' : text))
      .join('');
  }
}

function waysOfMatcher(name: string, values: string[], text: string): Way[] {
  const isPlain = values.every((value) => !/[{}^$*]/.test(value));
  if (isPlain && /^(Host|HostHeader)$/i.test(name))
    return values.map((host) => ({ ...EVERYTHING, hosts: [host.toLowerCase()] }));
  if (isPlain && /^PathPrefix$/i.test(name)) return values.map((path) => ({ ...EVERYTHING, paths: [path] }));
  if (isPlain && /^Path$/i.test(name)) return values.map((path) => ({ ...EVERYTHING, exact: [path] }));
  const names = /^HostRegexp$/i.test(name) ? values.map(wildcard) : [];
  if (names.length > 0 && names.every((host) => host !== undefined))
    return names.map((host) => ({ ...EVERYTHING, hosts: [host] }));
  return [{ ...EVERYTHING, others: [text] }];
}

/** ``{sub:.+}.example.com`` and ``^.+\.example\.com$`` are `*.example.com`. */
function wildcard(pattern: string): string | undefined {
  const [, rest] =
    /^\^?(?:\{\w+:(?:\.[*+]|\[[^\]]+\][*+])\}|\.[*+]|\[[^\]]+\]\+|\(\.[*+]\))(?:\\\.|\.)([\w.\\-]+)\$?$/i.exec(
      pattern,
    ) ?? [];
  const end = rest?.replaceAll('\\.', '.').toLowerCase();
  return end !== undefined && /^[a-z0-9.-]+$/.test(end) ? `*.${end}` : undefined;
}

function joined(one: Way, other: Way): Way {
  return {
    hosts: [...one.hosts, ...other.hosts],
    paths: [...one.paths, ...other.paths],
    exact: [...one.exact, ...other.exact],
    others: [...one.others, ...other.others],
  };
}

const VERSION_1 = /^(Host|PathPrefix|Path|PathStrip|PathPrefixStrip|\w+):(.*)$/;

/** Reads a rule of Traefik 1, such as `Host:a.example.com,b.example.com;PathPrefixStrip:/api`. */
export function waysOfOldRule(rule: string): { ways: Way[]; strips: boolean } {
  let ways: Way[] = [EVERYTHING];
  let strips = false;
  for (const part of rule.split(';').map((text) => text.trim())) {
    if (part === '') continue;
    const [, name = '', values = ''] = VERSION_1.exec(part) ?? [];
    const list = values.split(',').map((value) => value.trim());
    strips ||= /Strip$/.test(name);
    const more = waysOfMatcher(name.replace(/Strip$/, ''), list, part);
    ways = ways.flatMap((way) => more.map((other) => joined(way, other)));
  }
  return { ways, strips };
}
