import { SpillwayFailure } from '../../domain/failures';

/** What was asked cannot be done now: a message to a release that ended, a second release at the same time. Exit 1. */
export class RefusedFailure extends SpillwayFailure {}
