/** Where a version takes requests, as its target knows the place; a router can send requests there if it is made for that target. */
export type Endpoint = { on: 'docker'; address: string; port: number };
