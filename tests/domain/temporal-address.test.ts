import { ConfigurationFailure } from '../../domain/failures';
import { ownerName, temporalSettings } from '../../domain/temporal-address';

describe('how Temporal is reached', () => {
  it('is this machine, in plain text, when nothing is said', () => {
    expect(temporalSettings({})).toEqual({ address: '127.0.0.1:7233', namespace: 'default' });
  });

  it.each([
    ['temporal', 'temporal:7233'],
    ['temporal.example.com:443', 'temporal.example.com:443'],
    ['[::1]:7000', '[::1]:7000'],
    ['', '127.0.0.1:7233'],
  ])('takes TEMPORAL_ADDRESS=%s as %s', (given, address) => {
    expect(temporalSettings({ TEMPORAL_ADDRESS: given }).address).toBe(address);
  });

  it('speaks TLS when there is an API key or a certificate, unless TEMPORAL_TLS says no', () => {
    expect(temporalSettings({ TEMPORAL_API_KEY: 'key' })).toMatchObject({ apiKey: 'key', tls: {} });
    expect(temporalSettings({ TEMPORAL_TLS_SERVER_CA_CERT_PATH: '/ca.pem' }).tls).toEqual({
      serverCa: { path: '/ca.pem' },
    });
    expect(temporalSettings({ TEMPORAL_TLS: 'true' }).tls).toEqual({});
    expect(temporalSettings({ TEMPORAL_API_KEY: 'key', TEMPORAL_TLS: 'false' }).tls).toBeUndefined();
  });

  it('takes certificates as files or as text', () => {
    const { tls } = temporalSettings({
      TEMPORAL_TLS_CLIENT_CERT_PATH: '/crt.pem',
      TEMPORAL_TLS_CLIENT_KEY_DATA: 'PEM',
      TEMPORAL_TLS_SERVER_NAME: 'temporal.internal',
    });
    expect(tls).toEqual({
      clientCertificate: { path: '/crt.pem' },
      clientKey: { data: 'PEM' },
      serverName: 'temporal.internal',
    });
  });

  it('names everything that is wrong at once, and never quotes a key', () => {
    const wrong = {
      TEMPORAL_ADDRESS: 'http://temporal:7233',
      TEMPORAL_TLS: 'perhaps',
      TEMPORAL_TLS_CLIENT_KEY_DATA: 'VERY SECRET',
      TEMPORAL_TLS_DISABLE_HOST_VERIFICATION: 'true',
    };
    expect(() => temporalSettings(wrong)).toThrow(ConfigurationFailure);
    const message = messageOf(() => temporalSettings(wrong));
    expect(message).toContain('TEMPORAL_ADDRESS: expected HOST:PORT without a scheme');
    expect(message).toContain('TEMPORAL_TLS: expected true or false, seen "perhaps"');
    expect(message).toContain('expected both or none, seen one');
    expect(message).toContain('TEMPORAL_TLS_DISABLE_HOST_VERIFICATION');
    expect(message).not.toContain('VERY SECRET');
  });
});

describe('the owner of a target', () => {
  it('is told apart by machine when its Temporal has a loopback address', () => {
    const settings = { address: '127.0.0.1:7233', namespace: 'default' };
    expect(ownerName(settings, 'laptop-a')).toBe('laptop-a:7233/default');
    expect(ownerName({ ...settings, address: 'localhost:7233' }, 'laptop-a')).toBe('laptop-a:7233/default');
    expect(ownerName({ ...settings, address: 'temporal:7233' }, 'laptop-a')).toBe('temporal:7233/default');
  });
});

function messageOf(body: () => unknown): string {
  try {
    body();
  } catch (error) {
    return (error as Error).message;
  }
  return '';
}
