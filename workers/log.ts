import { pino, stdSerializers, type DestinationStream, type Logger } from 'pino';
import { DefaultLogger, type Logger as TemporalLogger, type LogLevel as TemporalLevel } from '@temporalio/worker';
import { redactDeep } from '../domain/redact';
import type { LogLevel } from './settings';

export type Log = Logger;

/** Writes one JSON line an event, without any secret that was ever resolved. */
export function createLog(level: LogLevel, redact: (text: string) => string, destination?: DestinationStream): Log {
  const options = {
    level,
    base: undefined,
    timestamp: () => `,"time":"${new Date().toISOString()}"`,
    formatters: { level: (label: string) => ({ level: label }) },
    serializers: { err: stdSerializers.err, error: stdSerializers.err },
    // This hook comes last, so that it sees whatever gets into a line.
    hooks: { streamWrite: (line: string) => redactLine(line, redact) },
  };
  return destination ? pino(options, destination) : pino(options);
}

// The line is parsed, because redacting a secret of digits in the text would break its numbers.
function redactLine(line: string, redact: (text: string) => string): string {
  return `${JSON.stringify(redactDeep(JSON.parse(line), redact))}\n`;
}

const LEVELS: Record<TemporalLevel, 'trace' | 'debug' | 'info' | 'warn' | 'error'> = {
  TRACE: 'trace',
  DEBUG: 'debug',
  INFO: 'info',
  WARN: 'warn',
  ERROR: 'error',
};

export function temporalLogger(log: Log): TemporalLogger {
  return new DefaultLogger('TRACE', ({ level, message, meta }) => log[LEVELS[level]](plain(meta ?? {}), message));
}

/** Drops Temporal's symbol keys and converts 64-bit numbers, which JSON does not have. */
function plain(meta: Record<string | symbol, unknown>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(meta).map(([key, value]) => [key, typeof value === 'bigint' ? String(value) : value]),
  );
}
