import type { NativeConnection } from '@temporalio/worker';
import { ConfigurationFailure } from '../domain/failures';
import { SEARCH_ATTRIBUTES } from '../domain/names';

const CALL_MS = 5_000;
// See temporal.api.enums.v1.IndexedValueType.
const KEYWORD = 2;
const GRPC = { notFound: 5, alreadyExists: 6, permissionDenied: 7, unimplemented: 12, unauthenticated: 16 } as const;

/**
 * Creates what is missing, since a workflow that sets an unknown attribute is stuck. Answers what the cluster did not
 * allow, as Temporal Cloud does not.
 *
 * @throws ConfigurationFailure when the namespace does not exist
 */
export async function createSearchAttributes(
  connection: NativeConnection,
  namespace: string,
): Promise<string | undefined> {
  const call = <T>(body: () => Promise<T>): Promise<T> => connection.withDeadline(Date.now() + CALL_MS, body);
  const wanted = Object.values(SEARCH_ATTRIBUTES);
  try {
    const known = (await call(() => connection.operatorService.listSearchAttributes({ namespace }))).customAttributes;
    const missing = wanted.filter((name) => !(name in known));
    for (const name of missing) {
      // Each gets its own call: one for several fails altogether when a second worker was faster with one of them.
      await call(() =>
        connection.operatorService.addSearchAttributes({ namespace, searchAttributes: { [name]: KEYWORD } }),
      ).catch(unlessThere);
    }
    return undefined;
  } catch (error) {
    return explain(error, namespace, wanted);
  }
}

function unlessThere(error: unknown): void {
  if (grpcCode(error) !== GRPC.alreadyExists) throw error;
}

function explain(error: unknown, namespace: string, wanted: string[]): string {
  const code = grpcCode(error);
  if (code === GRPC.notFound) {
    throw new ConfigurationFailure(
      `expected the namespace "${namespace}", seen none; ` +
        `make it with \`temporal operator namespace create --namespace ${namespace}\`, or set TEMPORAL_NAMESPACE`,
    );
  }
  if (code !== GRPC.permissionDenied && code !== GRPC.unimplemented && code !== GRPC.unauthenticated) throw error;
  return `this worker may not look after search attributes; see that these keywords exist: ${wanted.join(', ')}`;
}

function grpcCode(error: unknown): number | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'number' ? error.code : undefined;
}
