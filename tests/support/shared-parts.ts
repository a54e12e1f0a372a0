import { request } from 'node:http';

/** Variable with the socket at which jest's own process answers (global-setup.ts). */
export const SHARED_PARTS = 'SPILLWAY_TEST_PARTS';

/** What all test files of a run may share. */
export type SharedPart = 'temporal' | 'postgres';

/**
 * Asks jest's own process for a part that all test files of a run share; the first who asks has it started.
 *
 * @returns the fields of the part, or undefined outside of jest, where there is nobody to share one with
 */
export async function sharedPart<Fields>(part: SharedPart): Promise<Fields | undefined> {
  const socketPath = process.env[SHARED_PARTS];
  if (socketPath === undefined) return undefined;
  return new Promise((resolve, reject) => {
    const asking = request({ socketPath, path: `/${part}`, agent: false }, (response) => {
      let body = '';
      response.on('data', (data: Buffer) => (body += data.toString()));
      response.on('end', () => (response.statusCode === 200 ? resolve(JSON.parse(body)) : reject(new Error(body))));
    });
    asking.on('error', reject);
    asking.end();
  });
}
