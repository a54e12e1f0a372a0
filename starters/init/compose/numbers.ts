import type { ComposeText } from './text';

/**
 * What Compose makes of a number without quotes, where that is not the text in the file: `3.10` becomes 3.1, and 0644
 * is octal.
 */
export function passedNumber({ kind, text }: ComposeText): string | undefined {
  const passed = kind === 'number' ? canonical(text) : kind === 'boolean' ? text.toLowerCase() : text;
  return passed === text ? undefined : passed;
}

function canonical(text: string): string {
  if (/^[-+]?(0o?[0-7]+|0x[0-9a-f]+)$/i.test(text)) {
    const [, sign, digits = ''] = /^([-+]?)(.*)$/.exec(text) ?? [];
    const value = BigInt(/^0[0-7]/.test(digits) ? `0o${digits.slice(1)}` : digits);
    return `${sign === '-' && value !== 0n ? '-' : ''}${value}`;
  }
  if (/^[-+]?\d+$/.test(text)) return String(BigInt(text.replace('+', '')));
  return /^[-+]?[\d.]+(e[-+]?\d+)?$/i.test(text) ? String(Number(text)) : text;
}
