/*
 * The health check of gRPC (grpc.health.v1.Health/Check), whose two messages have one field each.
 */

export const GRPC_HEALTH_PATH = '/grpc.health.v1.Health/Check';

/** How gRPC calls what it answers; what it does not say is UNKNOWN. */
const STATES = ['UNKNOWN', 'SERVING', 'NOT_SERVING', 'SERVICE_UNKNOWN'];

/** Names of the codes that servers answer here; others are told by number. */
const CODES: Record<string, string> = {
  '5': 'NOT_FOUND',
  '7': 'PERMISSION_DENIED',
  '12': 'UNIMPLEMENTED',
  '13': 'INTERNAL',
  '14': 'UNAVAILABLE',
  '16': 'UNAUTHENTICATED',
};

/** @param service empty for the server as a whole */
export function grpcHealthRequest(service: string): Uint8Array {
  const name = new TextEncoder().encode(service);
  const message = name.length === 0 ? [] : [0x0a, ...varint(name.length), ...name];
  return Uint8Array.from([0, 0, 0, message.length >> 8, message.length & 255, ...message]);
}

interface Answered {
  status: number;
  body: Uint8Array;
  /** Of the trailers, or of the headers where nothing else came. */
  grpcStatus: string | undefined;
  grpcMessage: string | undefined;
}

/** Answers `SERVING`, another state, or what came instead of one. */
export function grpcHealthAnswer({ status, body, grpcStatus, grpcMessage }: Answered): string {
  if (grpcStatus === '0' && body.length >= 5) return STATES[body[5] === 0x08 ? body[6]! : 0] ?? 'UNKNOWN';
  if (grpcStatus === undefined || grpcStatus === '0')
    return `an answer of HTTP status ${status} that is not one of gRPC`;
  const code = CODES[grpcStatus] ?? 'see grpc.io/docs/guides/status-codes';
  return `grpc-status ${grpcStatus} (${code})${grpcMessage ? `: ${readable(grpcMessage)}` : ''}`;
}

function varint(number: number): number[] {
  return number < 128 ? [number] : [(number & 127) | 128, ...varint(number >> 7)];
}

/** gRPC writes messages as in URLs. */
function readable(message: string): string {
  try {
    return decodeURIComponent(message);
  } catch {
    return message;
  }
}
