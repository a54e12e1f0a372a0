#!/usr/bin/env bash
# Types, lint, format, and whether the generated files are what the sources generate: all at once, under 30 s.
set -euo pipefail
cd "$(dirname "$0")/.."
cache=node_modules/.cache/check
mkdir -p "$cache"
logs=$(mktemp -d)
trap 'rm -rf "$logs"' EXIT
unset FORCE_COLOR
export NO_COLOR=1

check_types() { node_modules/.bin/tsc --pretty false --project .; }
check_lint() { node_modules/.bin/eslint --cache --cache-location "$cache/eslint" --max-warnings 0 .; }
check_format() { node_modules/.bin/prettier --check --log-level warn --cache --cache-location "$cache/prettier" .; }
# A lock file that lacks a platform's optional packages still installs by `npm install`, but not by `npm ci`.
check_lock() { npm ci --dry-run --offline --ignore-scripts --no-audit --no-fund; }
# Generated aside, from the sources themselves, and compared, so that the check changes nothing.
check_generated() {
  local root=$PWD
  mkdir -p "$cache/docs"
  (cd "$cache" && node --require "$root/tests/support/typescript.js" "$root/starters/generate.ts") || return 1
  local file changed=0
  for file in spillway.schema.json docs/configuration.md; do
    diff --unified "$file" "$cache/$file" | head -n 40 || true
    cmp --silent "$file" "$cache/$file" || changed=1
  done
  if [ "$changed" = 1 ]; then echo "expected the generated files to be up to date; run: npm run generate" && return 1; fi
}

checks=(types lint format lock generated)
pids=()
for name in "${checks[@]}"; do
  "check_$name" >"$logs/$name" 2>&1 &
  pids+=($!)
done
failed=0
for index in "${!checks[@]}"; do
  name=${checks[$index]}
  if wait "${pids[$index]}"; then
    echo "check: $name ok"
  else
    failed=1
    sed 's/^/  /' "$logs/$name"
    echo "check: $name FAILED"
  fi
done
echo "check: $([ "$failed" = 0 ] && echo passed || echo failed) in $SECONDS s"
exit "$failed"
