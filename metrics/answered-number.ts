import type { Answers } from '../domain/judging/metric/query';
import { excerpt } from './excerpt';
import type { Reading } from './metric';

/** Neither hexadecimal numbers nor an empty text count. */
const NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;

/** Reads a number, or JSON with `value`, or with `bad` and `total`; its `measured` is a time in ISO 8601. */
export function numberIn(from: string, text: string, answers: Answers): Reading {
  const wanted = answers === 'value' ? 'a number, or {"value": number}' : '{"bad": number, "total": number}';
  const fault = (seen: string): Reading => ({ missing: `expected ${wanted} as ${from}, seen ${seen}`, fault: true });
  const trimmed = text.trim();
  if (trimmed === '') return fault('nothing');
  if (answers === 'value' && NUMBER.test(trimmed)) {
    const reading = finite(Number(trimmed));
    return reading ? guessed(reading) : fault(excerpt(trimmed));
  }
  const content = parsed(trimmed);
  if (typeof content !== 'object' || content === null) return fault(excerpt(trimmed));
  const reading = answers === 'value' ? valueOf(content, from) : countsOf(content);
  return (reading && withTime(reading, content, from)) ?? fault(excerpt(trimmed));
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

interface Content {
  value?: unknown;
  bad?: unknown;
  total?: unknown;
  measured?: unknown;
}

function valueOf(content: Content, from: string): Reading | undefined {
  // Null means that there is no value, and that nothing is wrong.
  if (content.value === null) return { missing: `${from} is null: it has no value now`, fault: false };
  return typeof content.value === 'number' ? finite(content.value) : undefined;
}

function countsOf({ bad, total }: Content): Reading | undefined {
  const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;
  return isCount(bad) && isCount(total) && bad <= total ? { bad, total } : undefined;
}

function withTime(reading: Reading, { measured }: Content, from: string): Reading {
  if ('missing' in reading) return reading;
  if (measured === undefined) return guessed(reading);
  const time = typeof measured === 'string' && /^\d{4}-\d\d-\d\dT/.test(measured) ? Date.parse(measured) : NaN;
  if (Number.isFinite(time)) return { ...reading, measured: { from: time, to: time } };
  const wanted = 'expected `measured` as a moment such as "2026-11-21T10:00:00Z"';
  return { missing: `${wanted} in ${from}, seen ${excerpt(JSON.stringify(measured))}`, fault: true };
}

function guessed(reading: Reading): Reading {
  return 'value' in reading ? { ...reading, guessed: true } : reading;
}

function finite(value: number): Reading | undefined {
  return Number.isFinite(value) ? { value } : undefined;
}
