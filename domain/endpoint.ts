/** `on` is the kind of target; only routers made for that kind can send requests there. */
export type Endpoint = { on: 'docker'; address: string; port: number };
