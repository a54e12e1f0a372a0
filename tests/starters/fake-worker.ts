import { ReleaseWorld } from '../support/release-world';

/* A worker in a process of its own, so that a test can kill it. Its steps do nothing and answer that all is well. */

void ReleaseWorld.start(process.env.TEMPORAL_ADDRESS).then(() => console.log('polls'));
