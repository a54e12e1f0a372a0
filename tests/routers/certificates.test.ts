import { execFileSync } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { certificateWarnings } from '../../routers/on-host/certificates';

const DAY_MS = 86_400_000;
const made = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '30'];
const pem = execFileSync('openssl', [...made, '-subj', '/CN=a.example', '-keyout', '/dev/null'], { stdio: 'pipe' });
const all = [{ place: '/tls/a.pem', certificate: new X509Certificate(pem) }];

afterEach(() => jest.restoreAllMocks());

test.each([
  [0, []],
  [20, [expect.stringMatching(/^the certificate in \/tls\/a\.pem expires on .*: renew it$/)]],
  [40, [expect.stringMatching(/^the certificate in \/tls\/a\.pem expired on .*: renew it$/)]],
])('a certificate for 30 days is warned of after %i days as it should be [proves 5]', (days, warnings) => {
  jest.spyOn(Date, 'now').mockReturnValue(Date.now() + days * DAY_MS);
  expect(certificateWarnings(all, [{ port: 443, host: 'a.example' }])).toEqual(warnings);
});
