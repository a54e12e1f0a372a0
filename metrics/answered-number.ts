import { excerpt } from './http-json';
import type { Reading } from './metric';

/** A number as a person or a program writes it: no hexadecimal, no empty text. */
const NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;

/** Reads what a program or a webhook answered: a number, or JSON with `value`, or with `bad` and `total`. */
export function numberIn(from: string, text: string, answers: 'value' | 'counts'): Reading {
  const wanted = answers === 'value' ? 'a number, or {"value": number}' : '{"bad": number, "total": number}';
  const fault = (seen: string): Reading => ({ missing: `expected ${wanted} as ${from}, seen ${seen}`, fault: true });
  const trimmed = text.trim();
  if (trimmed === '') return fault('nothing');
  if (answers === 'value' && NUMBER.test(trimmed)) return finite(Number(trimmed)) ?? fault(excerpt(trimmed));
  const content = parsed(trimmed);
  if (typeof content !== 'object' || content === null) return fault(excerpt(trimmed));
  return (answers === 'value' ? valueOf(content, from) : countsOf(content)) ?? fault(excerpt(trimmed));
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function valueOf(content: { value?: unknown }, from: string): Reading | undefined {
  // The way to say that there is nothing, without anything being wrong.
  if (content.value === null) return { missing: `${from} is null: it has no value now`, fault: false };
  return typeof content.value === 'number' ? finite(content.value) : undefined;
}

function countsOf({ bad, total }: { bad?: unknown; total?: unknown }): Reading | undefined {
  const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;
  return isCount(bad) && isCount(total) && bad <= total ? { bad, total } : undefined;
}

function finite(value: number): Reading | undefined {
  return Number.isFinite(value) ? { value } : undefined;
}
