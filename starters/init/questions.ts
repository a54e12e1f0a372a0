/** `decide`: the first release may go wrong without an answer. `know`: it goes on, but somebody should know. */
export type Importance = 'decide' | 'know';

export interface Question {
  path: string[];
  /** It may hold `{items}`, in whose place `items` stand. */
  text: string;
  importance: Importance;
  items?: string[];
}

interface More {
  importance?: Importance;
  items?: string[];
}

/** Asks about a key of one service; the empty key is the service as a whole. */
export type Ask = (key: string, text: string, more?: More) => void;

/** Questions that differ only in the service become one. */
export interface Asked {
  /** Services that it is about; empty when it is about none, or about all of the file. */
  services: string[];
  /** The place below the service, or in the file. */
  key: string;
  text: string;
  importance: Importance;
}

const MOST_ITEMS = 12;

export function questionText({ text, items }: Pick<Question, 'text' | 'items'>): string {
  return (items ? text.replace('{items}', () => items.join(', ')) : text).replace(/\s+/g, ' ');
}

/** Puts those that are to be decided first. */
export function together(questions: Question[]): Asked[] {
  const groups = new Map<string, Question[]>();
  for (const question of questions) {
    const { path, text, importance } = question;
    const key = [importance, path[0] === 'services' ? path.slice(2).join('.') : path.join('.'), text].join('\n');
    groups.set(key, [...(groups.get(key) ?? []), question]);
  }
  const asked = [...groups.values()].map(one);
  return [...asked.filter(isToDecide), ...asked.filter((question) => !isToDecide(question))];
}

export function isToDecide({ importance }: Pick<Question, 'importance'>): boolean {
  return importance === 'decide';
}

function one(group: Question[]): Asked {
  const { path, text, importance } = group[0]!;
  const isOfService = path[0] === 'services' && path.length > 1;
  const items = [...new Set(group.flatMap(({ items = [] }) => items))];
  return {
    services: isOfService ? [...new Set(group.map((question) => question.path[1]!))] : [],
    key: (isOfService ? path.slice(2) : path).filter((part) => part !== '').join('.'),
    text: questionText({ text, ...(items.length > 0 && { items: firstOf(items) }) }),
    importance,
  };
}

/** Long lists end in how many more there are. */
export function firstOf(items: string[]): string[] {
  return items.length > MOST_ITEMS ? [...items.slice(0, MOST_ITEMS), `${items.length - MOST_ITEMS} more`] : items;
}

/** Prints them for people: what is to be decided comes first, and each is said once. */
export function questionLines(questions: Question[], bold: (text: string) => string): string[] {
  const asked = together(questions);
  const [first, second] = [asked.filter(isToDecide), asked.filter((question) => !isToDecide(question))];
  const block = (title: string, some: Asked[], mark: string): string[] =>
    some.length === 0
      ? []
      : [bold(`${title} (${some.length}):`), ...some.map((one) => `${mark} ${placeOf(one)}${one.text}`)];
  return [...block('To decide before the first release', first, '?'), ...block('Good to know', second, '-')];
}

/** `services.web.port: `, or `web, api: port: ` for several. */
function placeOf({ services, key }: Asked): string {
  if (services.length > 1) return `${firstOf(services).join(', ')}: ${key === '' ? '' : `${key}: `}`;
  const place = [...(services.length === 1 ? ['services', services[0]!] : []), ...(key === '' ? [] : [key])].join('.');
  return place === '' ? '' : `${place}: `;
}
