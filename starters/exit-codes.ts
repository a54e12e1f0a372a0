import { ConfigurationFailure, SpillwayFailure, UnreachableFailure } from '../domain/failures';

/** The numbers from 64 on are those of sysexits.h. */
export const EXIT = {
  done: 0,
  /** A release was refused or rolled back, or a check, gate or verdict said no. */
  no: 1,
  needsHand: 2,
  usage: 64,
  unreachable: 69,
  bug: 70,
} as const;
export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

export interface Report {
  type: string;
  message: string;
  exitCode: ExitCode;
}

// These codes of Node say that the other side does not answer.
const SILENT = new Set(['ECONNREFUSED', 'ECONNRESET', 'EHOSTUNREACH', 'ENETUNREACH', 'ENOTFOUND', 'ETIMEDOUT']);
// DEADLINE_EXCEEDED and UNAVAILABLE.
const SILENT_GRPC = new Set([4, 14]);

/** Recognises failures that crossed Temporal's boundary by their `type`; anything unknown is a bug. */
export function reportOf(error: unknown): Report {
  const chain = causes(error);
  for (const link of chain) {
    const type = failureType(link);
    if (type !== undefined) return { type, message: link.message, exitCode: exitCodeOfType(type) };
  }
  const silent = chain.find(isSilence);
  const [first] = chain;
  if (silent) return { type: UnreachableFailure.name, message: silenceText(chain), exitCode: EXIT.unreachable };
  if (first) return { type: first.name, message: first.message, exitCode: EXIT.bug };
  return { type: 'Error', message: String(error), exitCode: EXIT.bug };
}

function causes(error: unknown): Error[] {
  const chain: Error[] = [];
  for (let link = error; link instanceof Error && chain.length < 10; link = link.cause) chain.push(link);
  return chain;
}

function failureType(error: Error): string | undefined {
  if (error instanceof SpillwayFailure) return error.name;
  const { type } = error as { type?: unknown };
  return typeof type === 'string' && /^[A-Z][A-Za-z]+Failure$/.test(type) ? type : undefined;
}

function exitCodeOfType(type: string): ExitCode {
  if (type === ConfigurationFailure.name) return EXIT.usage;
  return type === UnreachableFailure.name ? EXIT.unreachable : EXIT.no;
}

function isSilence(error: Error): boolean {
  // Temporal's native client raises this when it cannot connect.
  if (error.name === 'TransportError') return true;
  const { code } = error as { code?: unknown };
  // Node raises one error around one per address of a name.
  if (error instanceof AggregateError) return error.errors.some((inner) => inner instanceof Error && isSilence(inner));
  return typeof code === 'string' ? SILENT.has(code) : typeof code === 'number' && SILENT_GRPC.has(code);
}

function silenceText(chain: Error[]): string {
  return chain
    .map(({ message }) => message)
    .filter((message) => message !== '')
    .join(': ');
}
