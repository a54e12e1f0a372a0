import { redactDeep, redactor } from '../../domain/redact';

const secret = 'p@ss w0rd/"1"';
const redact = redactor([secret]);

describe('redaction', () => {
  it.each([
    ['as it is', secret],
    ['in a URL', encodeURIComponent(secret)],
    ['in JSON', JSON.stringify({ password: secret })],
    ['in base64', Buffer.from(secret).toString('base64')],
    ['in base64url', Buffer.from(secret).toString('base64url')],
    ['behind a name of one letter in base64', Buffer.from(`u:${secret}`).toString('base64')],
    ['behind a name of two letters in base64', Buffer.from(`me:${secret}`).toString('base64')],
    ['behind a name of three letters in base64', Buffer.from(`you:${secret}`).toString('base64')],
  ])('hides a secret %s', (_, text) => {
    const redacted = redact(`before ${text} after`);
    expect(redacted).toMatch(/^before .*\[redacted\].* after$/);
    expect(redacted).not.toContain(text);
  });

  it('hides the password of a connection URL where it stands alone, also percent-encoded', () => {
    const hide = redactor(['postgres://app:s3cr%2Fet@db:5432/shop?sslmode=require']);
    expect(hide('password "s3cr/et" refused')).toBe('password "[redacted]" refused');
    expect(hide('s3cr%2Fet')).toBe('[redacted]');
    expect(hide('connecting to postgres://app:s3cr%2Fet@db:5432/shop?sslmode=require')).toBe(
      'connecting to [redacted]',
    );
  });

  it('hides the password of a URL with several hosts, and of words as libpq writes them', () => {
    expect(redactor(['postgres://app:hunter22@a:1,b:2/shop'])('hunter22')).toBe('[redacted]');
    expect(redactor(["host=db password='hunter 22' user=app"])('hunter 22')).toBe('[redacted]');
  });

  it('hides the password of a connection string in every form that is read', () => {
    for (const given of [
      'jdbc:postgresql://app:hunter22@db/shop',
      'postgres://app@cloud.example:hunter22@db/shop',
      'postgres://app:hunter22@db/shop?application_name=a@b',
      'jdbc:postgresql://db/shop?user=app&password=hunter%322',
      String.raw`host=db password=hunter\22`,
    ]) {
      expect(redactor([given])('it is hunter22')).toBe('it is [redacted]');
    }
  });

  it('hides what stands behind the scheme of an Authorization header, also where it stands alone', () => {
    expect(redactor(['Bearer hunter22'])('no such token: hunter22')).toBe('no such token: [redacted]');
    const basic = `Basic ${Buffer.from('app:hunter:22').toString('base64')}`;
    expect(redactor([basic])(`${basic} is not hunter:22`)).toBe('[redacted] is not [redacted]');
  });

  it('hides the lines of a private key one by one', () => {
    const hide = redactor(['-----BEGIN KEY-----\nMIIEvQIBADANBgkqhkiG9w0BAQ\n-----END KEY-----']);
    expect(hide('line 2: MIIEvQIBADANBgkqhkiG9w0BAQ')).toBe('line 2: [redacted]');
  });

  it('replaces the longer of two secrets first', () => {
    expect(redactor(['abcd', 'abcdefgh'])('abcdefgh')).toBe('[redacted]');
  });

  it('leaves values of three characters alone, which would make every text unreadable', () => {
    expect(redactor(['app'])('the app answers')).toBe('the app answers');
  });

  it('reaches into lists and objects, keys included, and leaves numbers alone', () => {
    const hide = redactor(['12345']);
    expect(redactDeep({ a: ['x 12345'], '12345': 12345, n: null }, hide)).toEqual({
      a: ['x [redacted]'],
      '[redacted]': 12345,
      n: null,
    });
  });

  it('makes no copy of what holds no secret', () => {
    const innocent = { list: [1, 'two'], deep: { three: null } };
    const redacted = redactDeep({ innocent, said: '12345' }, redactor(['12345'])) as { innocent: object };
    expect(redacted).toEqual({ innocent, said: '[redacted]' });
    expect(redacted.innocent).toBe(innocent);
  });
});
