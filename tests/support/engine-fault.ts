import { once } from 'node:events';
import { endure } from './fault';
import { SHARED_PARTS } from './shared-parts';

/* Runs in the network of an engine of its own (own-engine.ts), which is killed when it says `strike`. */

// From in here nobody reaches the parts that tests share.
delete process.env[SHARED_PARTS];

async function strike(): Promise<void> {
  process.stdout.write('strike\n');
  await once(process.stdin, 'data');
}

endure({ engine: process.env.SPILLWAY_TEST_ENGINE ?? '' }, { phase: process.argv[2] ?? 'deploy', strike }).then(
  (result) => {
    process.stdout.write(`${JSON.stringify(result)}\n`, () => process.exit(0));
  },
  (error: unknown) => {
    console.error(error);
    process.exit(1);
  },
);
