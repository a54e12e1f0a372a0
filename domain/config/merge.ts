type Mapping = Record<string, unknown>;

/**
 * Lays the overrides of an environment over the base: it merges mappings, and replaces lists and values. References to
 * secrets and mappings that change their `kind` are replaced too, since half of each would be neither.
 */
export function merge(base: unknown, override: unknown): unknown {
  if (!isMapping(base) || !isMapping(override) || isAlternative(base, override)) return override;
  // `fromEntries` defines properties, so a key `__proto__` stays a key.
  return Object.fromEntries([
    ...Object.entries(base).map(([key, value]) => [
      key,
      Object.hasOwn(override, key) ? merge(value, override[key]) : value,
    ]),
    ...Object.entries(override).filter(([key]) => !Object.hasOwn(base, key)),
  ]);
}

export function isMapping(value: unknown): value is Mapping {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isAlternative(base: Mapping, override: Mapping): boolean {
  if (isSecretReference(base) || isSecretReference(override)) return true;
  return 'kind' in override && override.kind !== base.kind;
}

// `env` is also a key of a service, where it holds a mapping.
function isSecretReference(value: Mapping): boolean {
  const keys = Object.keys(value);
  return keys.length === 1 && ['env', 'file'].some((key) => typeof value[key] === 'string');
}
