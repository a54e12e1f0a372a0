import { LATENCY_BOUNDS } from '../../../routers/haproxy/backends';
import { parseStat, readCounters } from '../../../routers/haproxy/stats';

const scope = { app: 'fx', environment: 'production' };
const STAT = `# pxname,svname,stot,scur,hrsp_2xx,hrsp_5xx,econ,srv_abrt
fx.production.api.green,BACKEND,13,0,8,4,2,0
fx.production.api.green.once,BACKEND,2,0,1,1,1,0
`;
const counted = (table: string) => readCounters(parseStat(STAT), table, scope).slots.green['api']!;
const entry = (counters: number[]) =>
  `0x1: key=api.green use=0 exp=0 shard=0 ${counters.map((count, index) => `gpc${index}=${count}`).join(' ')}\n`;
const inBuckets = LATENCY_BOUNDS.map((_, index) => (index === 3 ? 10 : 0));

test('unanswered are requests that reached no server, those HAProxy answered for, and those it hung up on', () => {
  expect(counted(entry([...inBuckets, 0, 0, 1]))).toMatchObject({ requests: 15, errors: 6, unanswered: 3 + 1 + 1 });
  expect(counted('')).toMatchObject({ requests: 15, unanswered: 3 + 1 });
});

test('a process with the table of an older version of Spillway does not tell them', () => {
  const older = counted(entry([...inBuckets, 0, 2]));
  expect(older).toMatchObject({ requests: 15, errors: 8 });
  expect(older).not.toHaveProperty('unanswered');
});
