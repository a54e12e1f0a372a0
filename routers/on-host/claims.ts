/** Headers by which a proxy says who the visitor is and what was asked. Both routers set these. */
const SET = ['X-Forwarded-For', 'X-Forwarded-Proto', 'X-Forwarded-Host', 'X-Forwarded-Port'];

/** More of them, which versions may believe: kept from trusted proxies, removed from all others. */
export const CLAIMS = [
  'Forwarded',
  'X-Real-IP',
  'X-Client-IP',
  'X-Cluster-Client-IP',
  'True-Client-IP',
  'CF-Connecting-IP',
  'Fastly-Client-IP',
  'Front-End-Https',
  'X-Scheme',
  'X-Url-Scheme',
  'X-Forwarded-By',
  'X-Forwarded-Client-Cert',
  'X-Forwarded-Prefix',
  'X-Forwarded-Protocol',
  'X-Forwarded-Scheme',
  'X-Forwarded-Server',
  'X-Forwarded-Ssl',
];

/** Many programs cannot tell `X_Forwarded_For` from `X-Forwarded-For`, and no proxy sends it, so it is always removed. */
export const MISSPELT = [...SET, ...CLAIMS].flatMap((name) => spellings(name.split('-')).filter((one) => one !== name));

function spellings([first = '', ...rest]: string[]): string[] {
  if (rest.length === 0) return [first];
  return spellings(rest).flatMap((end) => [`${first}-${end}`, `${first}_${end}`]);
}
