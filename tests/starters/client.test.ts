import { UnreachableFailure } from '../../domain/failures';
import { temporalSettings } from '../../domain/temporal-address';
import { connect, isConnectionLoss, uiLink } from '../../starters/asking/client';
import { releaseId } from '../../starters/asking/release-request';
import { whoIs } from '../../starters/asking/scope';
import { freePort } from '../support/free-port';

const at = (address: string, namespace = 'default') =>
  temporalSettings({ TEMPORAL_ADDRESS: address, TEMPORAL_NAMESPACE: namespace });

it('connecting to nothing ends in a failure that says what to do', async () => {
  const settings = at(`127.0.0.1:${await freePort()}`);
  const failure = await connect(settings).catch((error: unknown) => error);
  expect(failure).toBeInstanceOf(UnreachableFailure);
  expect((failure as Error).message).toContain('`spillway dev`');
});

it.each([
  ['Unable to perform workflow execution update due to Workflow Task in failed state.', 9, true],
  ['Cannot update a workflow that is closed', 9, false],
  ['no healthy upstream', 14, true],
  ['workflow not found', 5, false],
])('after "%s" (%d) it is asked again: %s', (details, code, again) => {
  const grpc = Object.assign(new Error(details), { code, details, metadata: {} });
  expect(isConnectionLoss(new Error('what the client made of it', { cause: grpc }))).toBe(again);
});

it.each([
  ['127.0.0.1:7233', undefined, 'http://127.0.0.1:8233/namespaces/default/workflows/release%2Fshop%2Fproduction'],
  [
    'temporal.internal:7233',
    '',
    'http://temporal.internal:8233/namespaces/default/workflows/release%2Fshop%2Fproduction',
  ],
  ['x:1', 'https://ui.example/', 'https://ui.example/namespaces/default/workflows/release%2Fshop%2Fproduction'],
  ['127.0.0.1:7777', undefined, 'http://127.0.0.1:8777/namespaces/default/workflows/release%2Fshop%2Fproduction'],
  ['temporal.internal:7777', undefined, undefined],
  [
    'shop.a1b2c.tmprl.cloud:7233',
    undefined,
    'https://cloud.temporal.io/namespaces/default/workflows/release%2Fshop%2Fproduction',
  ],
])('the address of the Web UI for %s and SPILLWAY_UI=%s is %s', (address, base, link) => {
  expect(uiLink('release/shop/production', at(address), base ?? '')).toBe(link);
});

it('release ids sort by time and differ within a second', () => {
  const moment = new Date(Date.UTC(2026, 10, 21, 10, 15));
  const id = releaseId('1.2.3-rc.1', moment);
  expect(id).toMatch(/^20261121-101500-1\.2\.3-rc\.1-[a-z2-9]{4}$/);
  expect(releaseId('1.0.0', new Date(moment.getTime() + 1_000)) > id).toBe(true);
  expect(releaseId('1.2.3-rc.1', moment)).not.toBe(id);
});

it.each([
  ['alice', { GITHUB_ACTOR: 'bob' }, 'alice'],
  [undefined, { SPILLWAY_WHO: 'carol', GITHUB_ACTOR: 'bob' }, 'carol'],
  [undefined, { GITHUB_ACTOR: 'bob' }, 'bob'],
  [undefined, { GITLAB_USER_LOGIN: 'dave' }, 'dave'],
])('with --who %s and %j the sender is %s', async (given, env, who) => {
  expect(await whoIs(given, env)).toBe(who);
});
