// Only the end counts: `TOKEN_TTL` and `PASSWORD_FILE` are no secrets.
const NAME =
  /(password|passwd|passphrase|secret|api[_-]?key|private[_-]?key|(secret|access|encryption|signing|master|session|app)[_-]key|secret[_-]key[_-]base|(^|[_-])(pass|token|credentials?))$/i;

const VALUES = [
  // This matches a password in an address.
  /:\/\/[^/\s:@]*:[^/\s@]+@/,
  /-----BEGIN [A-Z ]*PRIVATE KEY-----/,
  // AWS, GitHub, GitLab, Slack and Stripe put these in front of their keys.
  /\bAKIA[0-9A-Z]{16}\b/,
  /\bgh[pousr]_[A-Za-z0-9]{36,}/,
  /\bglpat-[A-Za-z0-9_-]{20,}/,
  /\bxox[abprs]-[A-Za-z0-9-]{10,}/,
  /\b[rs]k_live_[A-Za-z0-9]{16,}/,
];

export function isSecretName(name: string): boolean {
  return NAME.test(name);
}

export function looksSecret(text: string): boolean {
  return VALUES.some((pattern) => pattern.test(text));
}
