import { isSecretName, looksSecret } from '../../../domain/containers/secret-looks';

// What a configuration accepts in plain text may be a secret all the same, and here a question costs little.
const KEY =
  /(^|[._:-])(keys?|salts?|pepper|pwd|pw|jwt|pat|pin|passcode|mnemonic|creds|htpasswd|tokens|(password|passwd)[_-]?hash|(passwords?|passwd|pass|secrets?)[_-]?\d*|token[_-]?\d+)$/i;
const CAMEL_KEY = /[a-z](Token|Key|Pass|Pwd|Salt)$/;
const OPEN_KEY =
  /(public|publishable|anon|site|sort|primary|partition|foreign|cache|routing|object)[._-]?keys?$|(max|min|total|prompt|completion|context|num|output|input|stop|special)[._-]tokens$/i;

/** A name and a password, as in `NEO4J_AUTH=neo4j/...` and `BASIC_AUTH=admin:...`. */
const LOGIN_KEY = /(^|[._:-])(basic_?)?(auth|login|logins|user|users|userpass|userpwd|accounts?)$/i;
const LOGIN = /^[^\s:/]+[:/][^\s:/]\S*$/;
const IDS = /^\d+:\d+$/;

const SIGNS = [
  // A signed token.
  /\beyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]{8,}/,
  // `Server=db;Password=...`, and `/hook?token=...`.
  /(password|passwd|pwd|secret|accountkey|sharedaccesskey)\s*=\s*[^\s;&]/i,
  /[?&;#]([\w.-]*[_.-])?(key|token|accesstoken|authtoken|apikey|auth|pass|sig|signature)=[^\s;&]/i,
  // JSON and YAML.
  /"[\w.-]*(password|passwd|secret|token|api_?key|private_?key)"\s*:\s*"[^"$]/i,
  /(password|passwd|secret)\s*:\s+[^\s$]/i,
  // Options in a variable, as in `REDIS_ARGS=--requirepass ...`.
  /(^|\s)--?([\w-]*[-_])?(password|passwd|requirepass|masterauth|secret|token|api-?key)[\s=]+[^-$\s]/i,
  // `user:...@tcp(db:3306)`, `user:...@db`, `user/...@db:1521`, and an address whose password has a slash.
  /^[^\s:@/]+:[^\s@/]+@(tcp|unix)?\(/,
  /^(?!(mailto|acct|sips?|xmpp|npm|git|ssh):)[^\s:@/]+:[^\s@/]+@(?!sha\d+:)[\w.-]/i,
  /^[^\s:@/]+\/[^\s@/]+@(\/\/)?[\w.-]+:\d/,
  /:\/\/[^/\s:@]+:(?!\d+([/?#,;]|$))[^\s@]{1,200}@/,
  // Hashes of passwords, and what HTTP takes for a login.
  /\$(2[abxy]|apr1|[156]|argon2i?d?)\$[\w./=,$+-]{8,}/,
  /\b(basic|bearer)\s+(?=\S*[\d=])[\w+/=.~-]{6,}/i,
  // Who knows such an address may write to it.
  /\bhooks\.slack(-gov)?\.com\/\w+\/\S/i,
  /\bdiscord(app)?\.com\/api\/(v\d+\/)?webhooks\/\d/i,
  /\bwebhook\.office\.com\/|\boutlook\.office(365)?\.com\/webhook/i,
  /\bapi\.telegram\.org\/(file\/)?bot\d/i,
  /\bhooks\.zapier\.com\/|\bhook\.[\w.]*make\.com\/|\bhc-ping\.com\/\S/i,
  /\/\/\S{1,100}hooks?\b\S{0,100}\/(?=[\w-]*\d)[\w-]{16,}/i,
  // Makers put these in front of their keys.
  /\b(sk_test_|whsec_|npm_|hf_|dop_v1_|shp(at|ss|ca)_|glsa_|gsk_|r8_|sntrys_|github_pat_|SG\.|dckr_pat_)[A-Za-z0-9]{16,}/,
  /\b(sk-|xapp-|AIza|ya29\.)[\w-]{20,}|\bkey-[0-9a-f]{32}\b|\b\d{8,10}:AA[\w-]{30,}/,
];

/** Whether the value of such a name is a secret, whatever it is. */
export function isNameOfSecret(name: string): boolean {
  return isSecretName(name) || ((KEY.test(name) || CAMEL_KEY.test(name)) && !OPEN_KEY.test(name));
}

/** Whether the text looks as only secrets do, or has one in it. */
export function showsSecret(text: string): boolean {
  return looksSecret(text) || SIGNS.some((sign) => sign.test(text));
}

/** Whether the text is a name with a password, where the name of its variable says that it may be. */
export function isLogin(name: string, text: string): boolean {
  return LOGIN_KEY.test(name) && LOGIN.test(text) && !IDS.test(text);
}
