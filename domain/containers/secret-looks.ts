/* How secrets are recognised that should not stand where they do. */

// `TOKEN_TTL` and `PASSWORD_FILE` say something about a secret; a name that ends like these is one.
const NAME =
  /(password|passwd|passphrase|secret|api[_-]?key|private[_-]?key|(secret|access|encryption|signing|master|session|app)[_-]key|secret[_-]key[_-]base|(^|[_-])(pass|token|credentials?))$/i;

const VALUES = [
  // The password of an address.
  /:\/\/[^/\s:@]*:[^/\s@]+@/,
  /-----BEGIN [A-Z ]*PRIVATE KEY-----/,
  // What AWS, GitHub, GitLab, Slack and Stripe put in front of their keys, to be found by.
  /\bAKIA[0-9A-Z]{16}\b/,
  /\bgh[pousr]_[A-Za-z0-9]{36,}/,
  /\bglpat-[A-Za-z0-9_-]{20,}/,
  /\bxox[abprs]-[A-Za-z0-9-]{10,}/,
  /\b[rs]k_live_[A-Za-z0-9]{16,}/,
];

/** Whether a variable of this name usually holds a secret. */
export function isSecretName(name: string): boolean {
  return NAME.test(name);
}

/** Whether a text is a secret by its looks, whatever its name. */
export function looksSecret(text: string): boolean {
  return VALUES.some((pattern) => pattern.test(text));
}
