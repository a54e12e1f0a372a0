import { SpillwayFailure } from '../../domain/failures';

/** Spillway cannot do now what was asked, as when another release runs. Exit code 1. */
export class RefusedFailure extends SpillwayFailure {}
