import { Context } from '@temporalio/activity';
import { MockActivityEnvironment } from '@temporalio/testing';
import { Secrets } from '../../activities/secrets';
import type { Parts } from '../../activities/parts';
import type { Step } from '../../activities/steps';
import { appConfigSchema } from '../../domain/config';
import { UnhealthyFailure } from '../../domain/failures';
import { createLog } from '../../workers/log';
import { stepInterceptor } from '../../workers/interceptor';

const SECRET = 'open sesame';

const step: Step = {
  release: { app: 'shop', environment: 'production', id: 'r1', version: '1.0.0' },
  config: appConfigSchema.parse({
    version: 1,
    app: 'shop',
    services: { web: { image: 'web:1', env: { TOKEN: { env: 'TOKEN' } } } },
  }),
  projectDirectory: '/',
};

/** Runs a step as a worker that was just started does: it has resolved no secret yet. */
function fresh() {
  const secrets = new Secrets({ TOKEN: SECRET }, Buffer.from('k'));
  const parts = {
    secret: (value, directory) => secrets.resolve(value, directory),
    redact: (text) => secrets.redact(text),
  } as Pick<Parts, 'secret' | 'redact'> as Parts;
  const lines: string[] = [];
  const log = createLog('debug', parts.redact, { write: (line) => void lines.push(line) });
  const environment = new MockActivityEnvironment(
    { activityType: 'deploySlot', attempt: 2 },
    { interceptors: [stepInterceptor(parts, log)] },
  );
  return { environment, lines };
}

const failing = (error: Error) => async (_input: Step) => {
  throw error;
};

describe('around every step', () => {
  it('stands a log line with release, phase, activity, attempt and duration', async () => {
    const { environment, lines } = fresh();
    await environment.run(async (_input: Step) => 'done', step);
    const line: unknown = JSON.parse(lines.at(-1)!);
    expect(line).toMatchObject({
      msg: 'step done',
      release: 'r1',
      app: 'shop',
      environment: 'production',
      version: '1.0.0',
      phase: 'deploy',
      activity: 'deploySlot',
      attempt: 2,
      duration: expect.any(Number) as number,
    });
  });

  it('hides secrets of the configuration in what it tells Temporal meanwhile, although nothing was resolved yet', async () => {
    const { environment } = fresh();
    const beats: unknown[] = [];
    environment.on('heartbeat', (details) => beats.push(details));
    await environment.run(async (_input: Step) => Context.current().heartbeat({ said: [`it is ${SECRET}`] }), step);
    expect(beats).toEqual([{ said: ['it is [redacted]'] }]);
  });

  it('hides them in the error, its stack and its causes, and keeps its class', async () => {
    const { environment, lines } = fresh();
    const error = new TypeError(`no ${SECRET}`, { cause: new Error(`because of ${SECRET}`) });
    const raised = await environment.run(failing(error), step).catch((failure: unknown) => failure as Error);
    expect(raised).toBeInstanceOf(TypeError);
    expect(raised).toMatchObject({ message: 'no [redacted]', cause: { message: 'because of [redacted]' } });
    expect(`${(raised as Error).stack}${lines.join('')}`).not.toContain(SECRET);
  });

  it('lets Spillway’s own message stand alone in the history, and its cause in the log', async () => {
    const { environment, lines } = fresh();
    const error = new UnhealthyFailure('web is not healthy', { cause: new Error('ECONNREFUSED') });
    const raised = await environment.run(failing(error), step).catch((failure: unknown) => failure as Error);
    expect(raised).toMatchObject({ name: 'UnhealthyFailure', message: 'web is not healthy', cause: undefined });
    expect(lines.join('')).toContain('ECONNREFUSED');
  });

  it('shortens a message that would fill the history', async () => {
    const { environment } = fresh();
    const error = new Error(`begin ${'x'.repeat(100_000)} end`);
    const raised = (await environment.run(failing(error), step).catch((failure: unknown) => failure)) as Error;
    expect(raised.message.length).toBeLessThan(10_000);
    expect(raised.message).toMatch(/^begin .*characters left out.* end$/s);
  });
});
