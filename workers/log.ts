import { pino, stdSerializers, type DestinationStream, type Logger } from 'pino';
import { DefaultLogger, type Logger as TemporalLogger, type LogLevel as TemporalLevel } from '@temporalio/worker';
import { redactDeep } from '../domain/redact';
import type { LogLevel } from './settings';

export type Log = Logger;

/** One JSON line an event, in which no secret that was ever resolved appears. */
export function createLog(level: LogLevel, redact: (text: string) => string, destination?: DestinationStream): Log {
  const options = {
    level,
    base: undefined,
    timestamp: () => `,"time":"${new Date().toISOString()}"`,
    formatters: { level: (label: string) => ({ level: label }) },
    serializers: { err: stdSerializers.err, error: stdSerializers.err },
    // Last of all, so that nothing that gets into a line by whatever way is missed.
    hooks: { streamWrite: (line: string) => redactLine(line, redact) },
  };
  return destination ? pino(options, destination) : pino(options);
}

// Parsed, because a secret made of digits would else break numbers and with them the line.
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

/** What Temporal's SDK, workflows and activities log goes into the same lines. */
export function temporalLogger(log: Log): TemporalLogger {
  return new DefaultLogger('TRACE', ({ level, message, meta }) => log[LEVELS[level]](plain(meta ?? {}), message));
}

/** Temporal marks its own attributes by symbols and has 64-bit numbers, which JSON does not. */
function plain(meta: Record<string | symbol, unknown>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(meta).map(([key, value]) => [key, typeof value === 'bigint' ? String(value) : value]),
  );
}
