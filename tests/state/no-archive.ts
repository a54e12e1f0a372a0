import type { Archive } from '../../state/state';

/** For states of which nothing is ever removed. */
export const NO_ARCHIVE: Archive = {
  placeOf: (id) => `nowhere/${id}`,
  has: () => Promise.resolve(false),
  take: () => Promise.reject(new Error('not asked here')),
  all: () => Promise.resolve([]),
};
