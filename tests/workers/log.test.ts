import { createLog, temporalLogger } from '../../workers/log';
import { redactor } from '../../domain/redact';

function logged(write: (log: ReturnType<typeof createLog>) => void): Record<string, unknown>[] {
  const lines: string[] = [];
  const log = createLog('debug', redactor(['s3cr3t!', '20261121']), { write: (line) => void lines.push(line) });
  write(log);
  return lines.map((line) => JSON.parse(line) as Record<string, unknown>);
}

describe('the log of a worker', () => {
  it('hides secrets in messages, attributes, children and errors with their causes', () => {
    const error = new Error('refused s3cr3t!', { cause: new Error('password s3cr3t!') });
    const lines = logged((log) => {
      log.info('connects with s3cr3t!');
      log.child({ url: 'postgres://app:s3cr3t!@db' }).warn({ error, deep: { list: ['s3cr3t!'] } }, 'failed');
    });
    expect(lines).toHaveLength(2);
    expect(JSON.stringify(lines)).not.toContain('s3cr3t!');
    expect(lines[0]).toMatchObject({ level: 'info', msg: 'connects with [redacted]' });
    expect(lines[1]).toMatchObject({ level: 'warn', deep: { list: ['[redacted]'] } });
  });

  it('leaves a number alone that has the digits of a secret, or the line would be no JSON any more', () => {
    expect(logged((log) => log.info({ duration: 20261121 }, 'done'))[0]).toMatchObject({ duration: 20261121 });
  });

  it('takes what the SDK of Temporal logs, with its 64-bit numbers', () => {
    const [line] = logged((log) =>
      temporalLogger(log).warn('poll failed', { taskId: 12n, error: new Error('s3cr3t!') }),
    );
    expect(line).toMatchObject({ level: 'warn', msg: 'poll failed', taskId: '12', error: { message: '[redacted]' } });
  });
});
