import { isNewMeasurement } from '../../domain/judging/measured';
import { coverageOf, selectorsIn } from '../../domain/promql/promql';
import { excerpt } from '../excerpt';
import type { Missing, PastValues, ValueReading, Window } from '../metric';
import type { Asking } from './api';
import { onlyOne, type Found } from './answer';

const MOST_POINTS = 11_000;
const MOST_SELECTORS = 5;
const MARK = 'spillway_measured';

/** Reads a value together with the time of its scrape, in one question where the server can. */
export class PrometheusValues {
  private form: 'vector' | 'scalar' | 'plain' = 'vector';

  async at(query: string, time: number, asking: Asking): Promise<ValueReading | Missing> {
    const found = await this.ask(query, (text) => asking.instant(text, time));
    if ('missing' in found) return found;
    const { values, marks } = split(found);
    const one = onlyOne(query, values);
    if ('missing' in one) return one;
    const [value] = one.points.values();
    if (value === undefined) return noNumber(query, one.odd);
    const measured = measuredAt(query, marks, asking, ({ points }) => [...points.values()][0]);
    return { value, ...(measured && { measured }) };
  }

  /** Reads past values, one each `step` ms; a measurement that is seen in several steps is returned once. */
  async over(query: string, { from, to }: Window, step: number, asking: Asking): Promise<PastValues | Missing> {
    const steps = Math.floor((to - from) / step);
    if (steps >= MOST_POINTS) {
      const missing = `expected at most ${MOST_POINTS} values, asked for ${steps}: lengthen \`interval\``;
      return { missing, fault: true };
    }
    const found = await this.ask(query, (text) => asking.range(text, from, to, step));
    if ('missing' in found) return found;
    const { values, marks } = split(found);
    const one = onlyOne(query, values);
    if ('missing' in one) return one;
    if (one.points.size === 0) return noNumber(query, one.odd);
    return eachOnce({ query, ...one, marks }, { from, step, steps }, asking);
  }

  /** Scalars, and servers that do not know `timestamp`, need another form of the query. */
  private async ask(query: string, ask: (text: string) => Promise<Found[] | Missing>): Promise<Found[] | Missing> {
    const forms = this.form === 'plain' ? (['plain'] as const) : ([this.form, 'plain'] as const);
    let found = await ask(inForm(query, forms[0]));
    if (this.form === 'plain' || !('missing' in found) || !found.fault || found.unreachable) return found;
    const plain = await ask(query);
    // The plain query's error says best what is wrong.
    if ('missing' in plain) return plain;
    if (this.form === 'vector') {
      found = await ask(inForm(query, 'scalar'));
      this.form = 'missing' in found ? 'plain' : 'scalar';
    } else this.form = 'plain';
    return 'missing' in found ? plain : found;
  }
}

/** Adds series to the query that tell when its metrics were scraped first and last. */
function inForm(query: string, form: 'vector' | 'scalar' | 'plain'): string {
  if (form === 'plain') return query;
  const all = selectorsIn(query);
  // Selectors with `offset` are only compared with; the value is as old as the others.
  const now = all.filter(({ moved }) => moved === '');
  const marks = (now.length > 0 ? now : all).slice(0, MOST_SELECTORS).flatMap(({ text, moved }, index) =>
    ['min', 'max'].map((end) => {
      const series = `${end}(timestamp(${text}${moved && ` ${moved}`}))`;
      return `label_replace(${series}, "${MARK}", "${end} ${index}", "", "")`;
    }),
  );
  // The line break ends a comment at the end of the query.
  return [form === 'scalar' ? `vector(${query}\n)` : `(${query}\n)`, ...marks].join(' or ');
}

function split(found: Found[]): { values: Found[]; marks: Found[] } {
  const isMark = ({ labels }: Found): boolean => MARK in labels;
  return { values: found.filter((one) => !isMark(one)), marks: found.filter(isMark) };
}

function measuredAt(
  query: string,
  marks: Found[],
  { moment }: Asking,
  pick: (mark: Found) => number | undefined,
): Window | undefined {
  const of = (end: string): number[] =>
    marks.flatMap((mark) => {
      if (!mark.labels[MARK]!.startsWith(end)) return [];
      const seconds = pick(mark);
      return seconds === undefined ? [] : [moment(seconds)];
    });
  const [first, last] = [of('min'), of('max')];
  if (first.length === 0 || last.length === 0) return undefined;
  const to = Math.max(...last);
  const covered = coverageOf(query);
  return { from: covered > 0 ? to - covered : Math.min(...first), to };
}

function eachOnce(
  { query, points, marks }: { query: string; points: Found['points']; marks: Found[] },
  { from, step, steps }: { from: number; step: number; steps: number },
  asking: Asking,
): PastValues {
  const values: (number | null)[] = [];
  const times: number[] = [];
  let until = -Infinity;
  for (let index = 0; index <= steps; index++) {
    const time = from + index * step;
    const value = points.get(time) ?? null;
    const measured = value === null ? undefined : measuredAt(query, marks, asking, (mark) => mark.points.get(time));
    if (measured && !isNewMeasurement(measured, until)) continue;
    until = measured?.to ?? until;
    values.push(value);
    times.push(measured?.to ?? time);
  }
  return { values, times };
}

function noNumber(query: string, odd: string | undefined): Missing {
  return { missing: `expected a number from ${excerpt(query)}, seen ${odd ?? 'none'}`, fault: false };
}
