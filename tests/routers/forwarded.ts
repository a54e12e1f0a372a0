/* What a version is told of the visitor, whichever router there is. */

interface Asked {
  name: string;
  /** Where the client connects from; `127.0.0.1` and `::1` are trusted, others are not. */
  from?: '127.0.0.1' | '127.0.0.2' | '::1';
  /** Lines of headers; without a `Host` here, it is `shop.example.com`. */
  sent: string[];
  /** By lower-case name; undefined: the version must not see it. */
  seen: Record<string, string | undefined>;
  /** What is different on nginx, which cannot tell how a header was spelt. */
  onNginx?: Record<string, string>;
}

const TRUSTED: Asked[] = [
  {
    name: 'a load balancer that ends TLS',
    sent: ['X-Forwarded-For: 192.0.2.7', 'X-Forwarded-Proto: https', 'X-Forwarded-Port: 443'],
    seen: {
      'x-forwarded-for': '192.0.2.7, 127.0.0.1',
      'x-forwarded-proto': 'https',
      'x-forwarded-port': '443',
      'x-forwarded-host': 'shop.example.com',
      host: 'shop.example.com',
    },
  },
  {
    name: 'nothing but the protocol: the port is that of the protocol',
    sent: ['X-Forwarded-Proto: https'],
    seen: { 'x-forwarded-for': '127.0.0.1', 'x-forwarded-proto': 'https', 'x-forwarded-port': '443' },
  },
  {
    name: 'several headers, and ports in them',
    sent: [
      'X-Forwarded-For: 192.0.2.7:4711, 192.0.2.8',
      'X-Forwarded-For: [2001:db8::1]:80',
      'x-forwarded-for: 192.0.2.9',
    ],
    seen: { 'x-forwarded-for': '192.0.2.7:4711, 192.0.2.8, [2001:db8::1]:80, 192.0.2.9, 127.0.0.1' },
  },
  {
    name: 'several protocols: the first is the visitor’s',
    sent: ['X-Forwarded-Proto: https,http'],
    seen: { 'x-forwarded-proto': 'https' },
  },
  {
    name: 'several headers with protocols',
    sent: ['X-Forwarded-Proto: http', 'X-Forwarded-Proto: https'],
    seen: { 'x-forwarded-proto': 'http', 'x-forwarded-port': '80' },
  },
  { name: 'upper case', sent: ['x-forwarded-PROTO:  HTTPS '], seen: { 'x-forwarded-proto': 'https' } },
  { name: 'no protocol that there is', sent: ['X-Forwarded-Proto: gopher'], seen: { 'x-forwarded-proto': 'http' } },
  {
    name: 'another host and port',
    sent: ['X-Forwarded-Host: www.example.com:8443,inner', 'X-Forwarded-Proto: https'],
    seen: { 'x-forwarded-host': 'www.example.com:8443', 'x-forwarded-port': '8443', host: 'shop.example.com' },
  },
  {
    name: 'several hosts with a space between them, which could come from headers that a visitor misspelt',
    sent: ['X-Forwarded-Host: www.example.com:8443, inner', 'X-Forwarded-Port: 6666, 8443'],
    seen: { 'x-forwarded-host': 'www.example.com:8443', 'x-forwarded-port': '6666' },
    onNginx: { 'x-forwarded-host': 'shop.example.com', 'x-forwarded-port': '80' },
  },
  {
    name: 'the same several times',
    sent: ['X-Forwarded-Host: www.example.com, www.example.com', 'X-Forwarded-Proto: https, https, https'],
    seen: { 'x-forwarded-host': 'www.example.com', 'x-forwarded-proto': 'https', 'x-forwarded-port': '443' },
  },
  {
    name: 'what else it says',
    sent: [
      'Forwarded: for=192.0.2.7;proto=https',
      'X-Real-IP: 192.0.2.7',
      'X-Forwarded-Prefix: /shop',
      'CF-Connecting-IP: 192.0.2.7',
    ],
    seen: {
      forwarded: 'for=192.0.2.7;proto=https',
      'x-real-ip': '192.0.2.7',
      'x-forwarded-prefix': '/shop',
      'cf-connecting-ip': '192.0.2.7',
    },
  },
  {
    name: 'a header that the visitor misspelt, so that the proxy let it through',
    sent: ['X-Forwarded-For: 192.0.2.7', 'X_Forwarded_For: 6.6.6.6', 'X-Forwarded_Proto: https', 'X_Real_IP: 6.6.6.6'],
    seen: {
      'x-forwarded-for': '192.0.2.7, 127.0.0.1',
      'x-real-ip': undefined,
      x_forwarded_for: undefined,
      'x-forwarded_proto': undefined,
      x_real_ip: undefined,
    },
  },
  {
    name: 'headers that the visitor misspelt beside its own',
    sent: [
      'CF_Connecting_IP: 6.6.6.6',
      'X-Forwarded_Client-Cert: Hash=6',
      'X_Forwarded_Prefix: /evil',
      'X-Forwarded-For: 192.0.2.7',
      'X-Forwarded-Proto: http',
      'X-Forwarded-Host: shop.example.com',
      'CF-Connecting-IP: 192.0.2.7',
      'X-Forwarded-Client-Cert: By=a;Hash=1, By=b;Hash=2',
      'X_Real_IP: 6.6.6.6',
      'X_Forwarded_Proto: https',
      'X_Forwarded_Host: evil.example.com',
    ],
    seen: {
      'x-forwarded-for': '192.0.2.7, 127.0.0.1',
      'x-forwarded-proto': 'http',
      'x-forwarded-host': 'shop.example.com',
      'cf-connecting-ip': '192.0.2.7',
      'x-forwarded-client-cert': 'By=a;Hash=1, By=b;Hash=2',
      'x-forwarded-prefix': undefined,
      'x-real-ip': undefined,
      cf_connecting_ip: undefined,
    },
  },
  {
    name: 'what opens a WebSocket',
    sent: [
      'Upgrade: websocket',
      'Connection: upgrade',
      'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
      'CF_Connecting_IP: 6.6.6.6',
      'CF-Connecting-IP: 192.0.2.7',
    ],
    seen: { upgrade: 'websocket', 'cf-connecting-ip': '192.0.2.7', 'x-forwarded-for': '127.0.0.1' },
  },
  {
    name: 'IPv6',
    from: '::1',
    sent: ['X-Forwarded-For: 2001:db8::7', 'X-Forwarded-Proto: https'],
    seen: { 'x-forwarded-for': '2001:db8::7, ::1', 'x-forwarded-proto': 'https' },
  },
  { name: 'nothing', sent: [], seen: { 'x-forwarded-for': '127.0.0.1', 'x-forwarded-proto': 'http' } },
];

const OTHERS: Asked[] = [
  {
    name: 'a forged visitor',
    sent: [
      'X-Forwarded-For: 6.6.6.6',
      'X-Forwarded-For: 7.7.7.7',
      'X-Forwarded-Proto: https',
      'X-Forwarded-Host: evil.example.com',
      'X-Forwarded-Port: 6666',
    ],
    seen: {
      'x-forwarded-for': '127.0.0.2',
      'x-forwarded-proto': 'http',
      'x-forwarded-host': 'shop.example.com',
      'x-forwarded-port': '80',
    },
  },
  {
    name: 'forged by other names',
    sent: [
      'Forwarded: for=6.6.6.6',
      'X-Real-IP: 6.6.6.6',
      'X-Client-IP: 6.6.6.6',
      'True-Client-IP: 6.6.6.6',
      'CF-Connecting-IP: 6.6.6.6',
      'X-Forwarded-Prefix: /evil',
      'X-Forwarded-Ssl: on',
      'X-Forwarded-Scheme: https',
      'Front-End-Https: on',
      'X_Forwarded_For: 6.6.6.6',
    ],
    seen: {
      forwarded: undefined,
      'x-real-ip': undefined,
      'x-client-ip': undefined,
      'true-client-ip': undefined,
      'cf-connecting-ip': undefined,
      'x-forwarded-prefix': undefined,
      'x-forwarded-ssl': undefined,
      'x-forwarded-scheme': undefined,
      'front-end-https': undefined,
      x_forwarded_for: undefined,
    },
  },
  {
    name: 'a host with a port',
    sent: ['Host: shop.example.com:8080'],
    seen: { 'x-forwarded-host': 'shop.example.com:8080', 'x-forwarded-port': '8080' },
  },
  {
    name: 'an IPv6 address as host',
    sent: ['Host: [::1]'],
    seen: { 'x-forwarded-host': '[::1]', 'x-forwarded-port': '80' },
  },
  {
    name: 'which headers a program behind the router should take off',
    sent: ['Connection: keep-alive, X-Forwarded-For, X-Forwarded-Proto'],
    seen: { connection: undefined, 'x-forwarded-for': '127.0.0.2', 'x-forwarded-proto': 'http' },
  },
];

export const FORWARDED: (Asked & Required<Pick<Asked, 'from'>>)[] = [
  ...TRUSTED.map((one) => ({ from: '127.0.0.1' as const, ...one, name: `a trusted proxy says: ${one.name}` })),
  ...OTHERS.map((one) => ({
    from: '127.0.0.2' as const,
    ...one,
    name: `anybody says: ${one.name}`,
  })),
];
